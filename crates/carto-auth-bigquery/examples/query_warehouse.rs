//! Queries the CARTO Data Warehouse of whoever logs in: `cargo run -p carto-auth-bigquery --example query_warehouse`.
//!
//! With `CARTO_CLIENT_ID`, `CARTO_CLIENT_SECRET` and `CARTO_API_BASE_URL` a machine logs in instead. The variables that
//! the sandbox prints (`carto-auth-sandbox`) make it run without an account.
#![expect(clippy::print_stdout, reason = "an example")]

use std::error::Error;

use carto_auth_bigquery::carto_dw;
use carto_auth_reqwest::{CartoAuth, Endpoints, credentials};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut endpoints = Endpoints::carto();
    if let Ok(auth_url) = std::env::var("CARTO_AUTH_URL") {
        endpoints = endpoints.with_auth_url(&auth_url)?;
    }
    let auth = match credentials::from_env() {
        Some(machine) => CartoAuth::m2m(machine?).endpoints(endpoints).connect().await?,
        None => CartoAuth::oauth().endpoints(endpoints).connect().await?,
    };
    let mut warehouse = carto_dw(&auth);
    if let Ok(emulator) = std::env::var("BIGQUERY_EMULATOR_HOST") {
        warehouse = warehouse.endpoint(&emulator)?;
    }
    let client = warehouse.connect().await?;
    let mut rows = client
        .query("SELECT 42 AS answer, 'warehouse' AS whence")
        .until_done()
        .await?
        .read();
    while let Some(row) = rows.next().await {
        let row = row?;
        println!(
            "{} from the {}",
            row.get::<i64>("answer")?,
            row.get::<String>("whence")?
        );
    }
    Ok(())
}
