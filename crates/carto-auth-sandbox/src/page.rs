//! The pages that a person sees. Whatever came from outside is escaped here, and there is no script.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::http::{Response, StatusCode};

use crate::authorize::AuthorizeRequest;
use crate::person::Credentials;
use crate::reply::response;

/// Chromium applies `form-action` to the redirects that follow a form, too: the consent form leads to the callback
/// address of the application, on any port and perhaps on `[::1]` (which no CSP can name), and from there to a page
/// of the app. So the policy names schemes.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action http: https:; base-uri 'none'; \
                      frame-ancestors 'none'";

const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:12vh auto;\
padding:0 1rem}label,input,button{display:block;width:100%;box-sizing:border-box;font:inherit}input,button{padding:.5rem;\
margin:.25rem 0 1rem}code{overflow-wrap:anywhere}#problem{color:#c33}small{opacity:.7}";

/// The form for email and password; `email` is what was typed before.
pub(crate) fn login_form(ticket: &str, person: &Credentials, mistyped: Option<&str>) -> Response<Body> {
    let problem = mistyped.map_or(
        "",
        |_| "<p id=\"problem\" role=\"alert\">Wrong email or password</p>\n",
    );
    let status = mistyped.map_or(StatusCode::OK, |_| StatusCode::UNAUTHORIZED);
    let body = format!(
        "{problem}<form method=\"post\" action=\"/authorize/login\">\n\
         {ticket}\n\
         <label for=\"email\">Email</label>\n\
         <input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"username\" required value=\"{typed}\">\n\
         <label for=\"password\">Password</label>\n\
         <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required>\n\
         <button id=\"log-in\" type=\"submit\">Log in</button>\n\
         </form>\n\
         <p><small>Nobody’s data is here. Log in as {email} with the password {password}.</small></p>",
        ticket = hidden_ticket(ticket),
        typed = escape(mistyped.unwrap_or_default()),
        email = escape(&person.email),
        password = escape(&person.password),
    );
    page(status, "Log in", &body)
}

/// The question whether an application may act for the person.
pub(crate) fn consent(ticket: &str, person: &Credentials, request: &AuthorizeRequest) -> Response<Body> {
    let mut details = String::new();
    if let Some(organization) = &request.grant.organization {
        details += &format!("<p>Organization: <code>{}</code></p>\n", escape(organization));
    }
    if let Some(scope) = &request.grant.scope {
        details += &format!("<p>It asks for: <code>{}</code></p>\n", escape(scope));
    }
    let body = format!(
        "<p>The application <code>{client}</code> wants to use CARTO as {email}.</p>\n{details}\
         <form method=\"post\" action=\"/authorize/consent\">\n\
         {ticket}\n\
         <button id=\"accept\" type=\"submit\" name=\"answer\" value=\"accept\">Accept</button>\n\
         <button id=\"deny\" type=\"submit\" name=\"answer\" value=\"deny\">Deny</button>\n\
         </form>",
        client = escape(&request.grant.client_id),
        email = escape(&person.email),
        ticket = hidden_ticket(ticket),
    );
    page(StatusCode::OK, "Allow access", &body)
}

/// A form that belongs to no login, or to one that has ended.
pub(crate) fn over() -> Response<Body> {
    refused(StatusCode::BAD_REQUEST, "This login is over. Start it again.")
}

/// A request that must not lead anywhere.
pub(crate) fn refused(status: StatusCode, problem: &str) -> Response<Body> {
    page(status, "Request refused", &problem_line(problem))
}

/// The page that shows the code to paste, or why there is none.
pub(crate) fn code(code: Option<&str>, problem: Option<&str>) -> Response<Body> {
    match code {
        Some(code) if !code.is_empty() => {
            let body = format!(
                "<p>Copy this code into the application:</p>\n<p><code id=\"code\">{}</code></p>",
                escape(code)
            );
            page(StatusCode::OK, "Your code", &body)
        }
        _ => {
            let problem = problem.unwrap_or("There is no code in the address of this page.");
            page(StatusCode::OK, "Login failed", &problem_line(problem))
        }
    }
}

/// Where a login ends that went well.
pub(crate) fn success() -> Response<Body> {
    page(StatusCode::OK, "Logged in", "<p>You can close this page.</p>")
}

/// Where a login ends that did not.
pub(crate) fn failure() -> Response<Body> {
    let problem = problem_line("The login did not succeed. The application says why.");
    page(StatusCode::OK, "Login failed", &problem)
}

fn page(status: StatusCode, title: &str, body: &str) -> Response<Body> {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title} – CARTO sandbox</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
    ];
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_owned()));
    response(status, headers.into(), html.into_bytes())
}

fn problem_line(problem: &str) -> String {
    format!("<p id=\"problem\">{}</p>", escape(problem))
}

fn hidden_ticket(ticket: &str) -> String {
    format!(
        "<input type=\"hidden\" name=\"ticket\" value=\"{}\">",
        escape(ticket)
    )
}

/// Text that is text in an element and in a quoted attribute.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
