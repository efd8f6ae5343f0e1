//! The secrets that the suites plant, made of what URLs, shells and base64 spell otherwise.

/// A machine's.
pub const CLIENT_SECRET: &str = "cl!ent/s3cret+Wq7=ZpLx82";
/// One that CARTO does not take.
pub const REFUSED_SECRET: &str = "refused&s3cret/Hk4+Tb9=Yd";
/// The same, as it stands in a form.
pub const REFUSED_SECRET_IN_A_FORM: &str = "refused%26s3cret%2FHk4%2BTb9%3DYd";
/// A person's.
pub const PASSWORD: &str = "p\u{e4}ssw/rd+Rm5=Jc61Vn";
/// A proxy's.
pub const PROXY_PASSWORD: &str = "pr0xy/word+Gs3=Xf90Kq";
/// The same, as it stands in an address.
pub const PROXY_PASSWORD_IN_A_URL: &str = "pr0xy%2Fword%2BGs3%3DXf90Kq";
/// Google's, for the Data Warehouse.
pub const WAREHOUSE_TOKEN: &str = "ya29.warehouse-Tz8_Lw2-Bv6";

/// All of them, with their names.
pub const ALL: [(&str, &str); 6] = [
    ("client secret", CLIENT_SECRET),
    ("client secret", REFUSED_SECRET),
    ("password", PASSWORD),
    ("proxy password", PROXY_PASSWORD),
    ("proxy password", PROXY_PASSWORD_IN_A_URL),
    ("warehouse token", WAREHOUSE_TOKEN),
];
