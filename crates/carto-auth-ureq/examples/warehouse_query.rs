//! A query of the CARTO Data Warehouse over plain HTTP: CARTO hands out a Google project and a token for it, BigQuery's REST
//! API takes them. `carto-auth-bigquery` has the same with Google's client.
//!
//! Run it with `cargo run -p carto-auth-ureq --example warehouse_query`. The sandbox stands for CARTO and for BigQuery.
#![expect(clippy::print_stdout, reason = "an example")]

use carto_auth_sandbox::Sandbox;
use carto_auth_ureq::{CartoAuth, CartoDwCredentials, Endpoints, M2mCredentials, default_agent};

/// Asks BigQuery, whose own address is `https://bigquery.googleapis.com`.
fn query(bigquery: &str, warehouse: &CartoDwCredentials) -> Result<String, ureq::Error> {
    let project = warehouse.project_id();
    let mut reply = default_agent()
        .post(format!("{bigquery}/bigquery/v2/projects/{project}/queries"))
        .header("Authorization", warehouse.authorization_header())
        .header("Content-Type", "application/json")
        .send(r#"{"query": "SELECT 42 AS answer", "useLegacySql": false}"#)?;
    reply.body_mut().read_to_string()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let carto = Sandbox::start()?;
    let machine = M2mCredentials::from_json(carto.credentials_json().as_bytes(), "the sandbox")?;
    let auth = CartoAuth::m2m(machine)
        .endpoints(Endpoints::carto().with_auth_url(&carto.auth_url())?)
        .without_cache()
        .connect()?;

    let warehouse = auth.carto_dw_credentials()?;
    println!("{}", query(&carto.bigquery_url(), &warehouse)?);

    // The token ends within the hour, and nothing says when. Google's 401 does.
    carto.end_warehouse_tokens();
    if let Err(ureq::Error::StatusCode(401)) = query(&carto.bigquery_url(), &warehouse) {
        auth.reject_carto_dw(&warehouse);
        println!("{}", query(&carto.bigquery_url(), &auth.carto_dw_credentials()?)?);
    }
    Ok(())
}
