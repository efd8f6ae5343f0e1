//! An application, and its integration test on the sandbox: a real server and no account. Whatever it does when CARTO fails
//! can be seen there.
//!
//! Run it with `cargo run -p carto-auth-ureq --example tested_application`, and its test with
//! `cargo test -p carto-auth-ureq --example tested_application`.
#![expect(clippy::print_stdout, reason = "an example")]

use carto_auth_sandbox::Sandbox;
use carto_auth_ureq::{CartoAuth, Endpoints, Error, M2mCredentials};

/// The application: names the project of the Data Warehouse, if there is one. That it can be told of another CARTO is all
/// that a test asks of it.
fn project(credentials: M2mCredentials, endpoints: Endpoints) -> Result<Option<String>, Error> {
    let auth = CartoAuth::m2m(credentials)
        .endpoints(endpoints)
        .without_cache()
        .build();
    match auth.carto_dw_credentials() {
        Ok(warehouse) => Ok(Some(warehouse.project_id().to_owned())),
        Err(Error::NoWarehouseAccess(_) | Error::NoWarehouse(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn run(carto: &Sandbox) -> Result<Option<String>, Box<dyn std::error::Error>> {
    let credentials = M2mCredentials::from_json(carto.credentials_json().as_bytes(), "the sandbox")?;
    let endpoints = Endpoints::carto().with_auth_url(&carto.auth_url())?;
    Ok(project(credentials, endpoints)?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{:?}", run(&Sandbox::start()?)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use carto_auth_sandbox::{Endpoint, Fault, WarehouseAccess};

    use super::*;

    #[test]
    fn a_busy_carto_is_waited_for() {
        let carto = Sandbox::start().unwrap();
        carto.fail_next(
            Endpoint::Token,
            Fault::status(503).with_header("retry-after", "1"),
        );
        assert_eq!(run(&carto).unwrap().as_deref(), Some("carto-dw-ac-sandbox"));
        assert_eq!(carto.count(Endpoint::Token), 2);
    }

    #[test]
    fn an_account_may_have_no_warehouse() {
        let carto = Sandbox::start().unwrap();
        carto.warehouse_access(WarehouseAccess::NotGranted);
        assert_eq!(run(&carto).unwrap(), None);
    }
}
