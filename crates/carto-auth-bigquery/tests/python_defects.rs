//! Number 12 of what the Python package gets wrong. The list, and what it gives to Google's client, are in
//! `tests/suites/python_defects`.

use carto_auth_bigquery::carto_dw;
use carto_auth_reqwest::{CartoAuth, Endpoints, M2mCredentials};
use carto_auth_sandbox::{Endpoint, Sandbox};

#[tokio::test]
async fn defect_12_a_bigquery_client_does_not_die_with_its_token() {
    let carto = Sandbox::start().unwrap();
    let machine = M2mCredentials::new(&carto.api_base_url(), carto.client_id(), carto.client_secret());
    let auth = CartoAuth::m2m(machine.unwrap())
        .endpoints(Endpoints::carto().with_auth_url(&carto.auth_url()).unwrap())
        .without_cache()
        .build();
    let making = carto_dw(&auth).endpoint(&carto.bigquery_url()).unwrap();
    let client = making.connect().await.unwrap();
    for hour in 1..=3 {
        let query = client.query(format!("SELECT {hour} AS n")).until_done();
        let mut rows = query.await.unwrap().read();
        let row = rows.next().await.unwrap().unwrap();
        assert_eq!(row.get::<i64>("n").unwrap(), hour);
        assert_eq!(carto.count(Endpoint::Warehouse), usize::try_from(hour).unwrap());
        carto.end_warehouse_tokens();
    }
}
