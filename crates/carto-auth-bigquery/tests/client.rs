//! The client against a CARTO and a BigQuery on loopback.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::error::Error as StdError;
use std::fs;
use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};

use carto_auth_bigquery::bigquery::client::BigQuery;
use carto_auth_bigquery::bigquery::error::QueryError;
use carto_auth_bigquery::{carto_dw, google_credentials};
use carto_auth_reqwest::{CartoAuth, Endpoints, Error, ErrorKind, M2mCredentials};
use carto_auth_sandbox::{Endpoint, Fault, Sandbox, WarehouseAccess};

fn auth(carto: &Sandbox, lifetime: Duration) -> CartoAuth {
    let machine =
        M2mCredentials::new(&carto.api_base_url(), carto.client_id(), carto.client_secret()).unwrap();
    CartoAuth::m2m(machine)
        .endpoints(Endpoints::carto().with_auth_url(&carto.auth_url()).unwrap())
        .carto_dw_lifetime(lifetime)
        .without_cache()
        .build()
}

async fn client(carto: &Sandbox, lifetime: Duration) -> BigQuery {
    let making = carto_dw(&auth(carto, lifetime)).endpoint(&carto.bigquery_url());
    making.unwrap().connect().await.unwrap()
}

async fn answer(client: &BigQuery, number: i64) -> Result<i64, Box<dyn StdError>> {
    let sql = format!("SELECT {number} AS n");
    let mut rows = client.query(&sql).until_done().await?.read();
    let row = rows.next().await.ok_or("no row")??;
    Ok(row.get("n")?)
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(test);
}

const LONG: Duration = Duration::from_secs(300);

/// The statuses of what the client asked of BigQuery cannot be seen; a refused request shows as one more than needed.
fn requests(carto: &Sandbox) -> (usize, usize) {
    (carto.count(Endpoint::Warehouse), carto.count(Endpoint::BigQuery))
}

#[test]
fn a_client_outlives_its_tokens() {
    run(async {
        // What is kept longer than it lives is refused, and renewed then; what is kept much shorter never is.
        let second = Duration::from_secs(1);
        for (life, kept) in [(second, LONG), (5 * second, second / 2)] {
            let carto = Sandbox::builder().warehouse_token_lifetime(life).start().unwrap();
            let client = client(&carto, kept).await;
            let (start, mut queries) = (Instant::now(), 0);
            while requests(&carto).0 < 4 {
                assert_eq!(answer(&client, queries).await.unwrap(), queries);
                queries += 1;
                assert!(start.elapsed() < Duration::from_secs(60));
            }
            let (tokens, asked) = requests(&carto);
            let refused = asked - usize::try_from(queries).unwrap();
            let figure = format!(
                "tokens live for {life:?} and are kept for {kept:?}: {queries} queries in {:.1?}, {tokens} tokens asked for, \
                 {refused} queries refused and repeated\n",
                start.elapsed()
            );
            let name = format!("bigquery_{}.txt", life.as_secs());
            fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), figure).unwrap();
            assert_eq!(refused > 0, kept > life, "{refused}");
        }
    });
}

#[test]
fn what_carto_cannot_answer_now_is_not_asked_again_by_googles_client() {
    run(async {
        for (fault, times) in [
            (Fault::status(429).with_header("retry-after", "3600"), 1),
            (Fault::status(503).with_header("retry-after", "0"), 3),
        ] {
            let carto = Sandbox::start().unwrap();
            let client = client(&carto, Duration::ZERO).await;
            carto.fail_always(Endpoint::Warehouse, fault);
            let before = requests(&carto);
            assert!(client.query("SELECT 1 AS n").until_done().await.is_err());
            assert_eq!(requests(&carto), (before.0 + times, before.1));
        }
    });
}

#[test]
fn a_token_that_ends_in_the_middle_is_renewed_once_for_all_queries() {
    run(async {
        let carto = Sandbox::start().unwrap();
        let client = client(&carto, LONG).await;
        answer(&client, 1).await.unwrap();
        carto.end_warehouse_tokens();
        let before = requests(&carto);
        let queries: Vec<_> = (0..8)
            .map(|number| {
                let client = client.clone();
                tokio::spawn(async move { answer(&client, number).await.unwrap() })
            })
            .collect();
        for (number, query) in queries.into_iter().enumerate() {
            assert_eq!(query.await.unwrap(), i64::try_from(number).unwrap());
        }
        assert_eq!(requests(&carto).0, before.0 + 1);
        assert_eq!(carto.count(Endpoint::Token), 1);
    });
}

#[test]
fn a_login_that_carto_no_longer_takes_is_renewed_too() {
    run(async {
        let carto = Sandbox::start().unwrap();
        let client = client(&carto, LONG).await;
        carto.end_warehouse_tokens();
        carto.revoke_access_tokens();
        assert_eq!(answer(&client, 7).await.unwrap(), 7);
        assert_eq!(carto.count(Endpoint::Token), 2);
    });
}

#[test]
fn bigquery_that_refuses_every_token_is_asked_three_times_at_most() {
    run(async {
        let carto = Sandbox::start().unwrap();
        let client = client(&carto, LONG).await;
        let body = r#"{"error": {"code": 401, "message": "no", "status": "UNAUTHENTICATED"}}"#;
        for fault in [
            Fault::status(401).with_body("application/json", body),
            Fault::status(401).with_body("text/html", "<h1>no</h1>"),
        ] {
            carto.fail_always(Endpoint::BigQuery, fault);
            let before = requests(&carto);
            let error = client.query("SELECT 1 AS n").until_done().await.unwrap_err();
            let QueryError::Rpc { source, .. } = error else {
                panic!("{error}")
            };
            assert_eq!(source.http_status_code(), Some(401));
            let after = requests(&carto);
            assert!((2..=3).contains(&(after.1 - before.1)), "{before:?} {after:?}");
            assert_eq!(after.0 - before.0, 1);
        }
    });
}

#[test]
fn what_carto_refuses_is_the_cause_of_the_querys_failure() {
    run(async {
        let carto = Sandbox::start().unwrap();
        let client = client(&carto, Duration::ZERO).await;
        carto.warehouse_access(WarehouseAccess::NotGranted);
        let before = requests(&carto).1;
        let error = client.query("SELECT 1 AS n").until_done().await.unwrap_err();
        let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
        let ours = std::iter::from_fn(|| {
            let this = cause?;
            cause = this.source();
            Some(this)
        })
        .find_map(|cause| cause.downcast_ref::<Error>());
        assert_eq!(ours.unwrap().http_status(), Some(403));
        assert_eq!(requests(&carto).1, before, "BigQuery is not asked");

        let making = carto_dw(&auth(&carto, LONG))
            .endpoint(&carto.bigquery_url())
            .unwrap();
        assert_eq!(making.connect().await.unwrap_err().http_status(), Some(403));
    });
}

#[test]
fn an_endpoint_is_https_or_on_loopback() {
    let carto = Sandbox::start().unwrap();
    let auth = auth(&carto, LONG);
    let error = carto_dw(&auth).endpoint("http://bigquery.example").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadApiBaseUrl);
    assert_eq!(
        error.to_string(),
        "endpoint must start with https:// (plain http is for loopback only)"
    );
    assert!(carto_dw(&auth).endpoint("https://bigquery.example").is_ok());
}

#[test]
fn nothing_shows_a_token() {
    run(async {
        let carto = Sandbox::start().unwrap();
        carto.warehouse_token_text(Some("ya29.canary".to_owned()));
        let auth = auth(&carto, LONG);
        let credentials = google_credentials(&auth);
        let headers = credentials.headers(http::Extensions::new()).await.unwrap();
        assert!(!format!("{credentials:?} {headers:?}").contains("canary"));
        assert!(!format!("{:?}", carto_dw(&auth)).contains("canary"));
    });
}
