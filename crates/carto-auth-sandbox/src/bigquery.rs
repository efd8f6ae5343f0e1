//! A look-alike of BigQuery's REST API, as far as a client needs it to run a query,
//! <https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs>.

use std::collections::HashMap;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::bigquery_error::BigQueryError;
use crate::endpoint::bigquery_path;
use crate::reply::json_reply;
use crate::request::RecordedRequest;
use crate::sandbox::Shared;
use crate::select::{Column, select};
use crate::tokens::unix_time;
use crate::unguessable::unguessable;

/// The queries that clients can come back to, by their ids.
pub(crate) type Jobs = HashMap<String, Job>;

#[derive(Clone)]
pub(crate) struct Job {
    project: String,
    id: String,
    sql: String,
    row: Vec<Column>,
    /// Seconds since the epoch.
    created: u64,
}

/// The only page of results that is not the first one.
const PAGE_TOKEN: &str = "sandbox-page";

pub(crate) fn bigquery(carto: &Shared, request: &RecordedRequest) -> Response<Body> {
    match answer(carto, request) {
        Ok(body) => json_reply(StatusCode::OK, &body),
        Err(error) => error.reply(),
    }
}

fn answer(carto: &Shared, request: &RecordedRequest) -> Result<Value, BigQueryError> {
    let mut state = carto.state();
    let state = &mut *state;
    let header = request.headers.get("authorization");
    let header = header.ok_or_else(BigQueryError::credentials_missing)?;
    let token = header.strip_prefix("Bearer ").unwrap_or_default();
    if !state.warehouse.takes(token) {
        return Err(BigQueryError::credentials_invalid());
    }
    let path: Vec<&str> = bigquery_path(&request.path)
        .unwrap_or_default()
        .split('/')
        .collect();
    let project = path.first().copied().unwrap_or_default();
    if project != state.warehouse.project_id {
        return Err(BigQueryError::access_denied(project));
    }
    let jobs = &mut state.jobs;
    let job = |id| {
        let found = jobs
            .get(id)
            .ok_or_else(|| BigQueryError::not_found(&name(project, id)));
        found.cloned()
    };
    match (request.method.as_str(), &path[1..]) {
        ("POST", ["queries"]) => query(jobs, project, &body_of(request)?),
        ("GET", ["queries", id]) => Ok(results(&job(id)?, request)),
        ("POST", ["jobs"]) => insert(jobs, project, &body_of(request)?),
        ("GET", ["jobs", id]) => Ok(job(id)?.to_json()),
        _ => Err(BigQueryError::not_found(&format!(
            "{} {}",
            request.method, request.path
        ))),
    }
}

fn body_of(request: &RecordedRequest) -> Result<Value, BigQueryError> {
    serde_json::from_str(&request.body).map_err(|_| BigQueryError::unreadable())
}

/// `jobs.query`: the answer is the result, unless it comes too late for the client or does not fit.
fn query(jobs: &mut Jobs, project: &str, body: &Value) -> Result<Value, BigQueryError> {
    let job = Job::new(project, None, &body["query"])?;
    let is_done = body["timeoutMs"] != 0;
    let mut reply = job.results(is_done, body["maxResults"] != 0);
    reply["kind"] = json!("bigquery#queryResponse");
    reply["queryId"] = json!(job.id);
    // The number is what clients send that ask for enumerations as numbers.
    let is_optional = body["jobCreationMode"] == "JOB_CREATION_OPTIONAL" || body["jobCreationMode"] == 2;
    let is_whole = is_done && reply["pageToken"].is_null();
    if !(is_optional && is_whole) {
        reply["jobReference"] = job.reference();
        jobs.insert(job.id.clone(), job);
    }
    Ok(reply)
}

/// `jobs.insert`: the job is done at once, its result is to be asked for.
fn insert(jobs: &mut Jobs, project: &str, body: &Value) -> Result<Value, BigQueryError> {
    let id = body["jobReference"]["jobId"].as_str();
    let job = Job::new(project, id, &body["configuration"]["query"]["query"])?;
    if jobs.contains_key(&job.id) {
        return Err(BigQueryError::already_exists(&name(project, &job.id)));
    }
    jobs.insert(job.id.clone(), job.clone());
    Ok(job.to_json())
}

/// `jobs.getQueryResults`.
fn results(job: &Job, request: &RecordedRequest) -> Value {
    let mut reply = job.results(true, request.parameter("maxResults") != Some("0"));
    reply["kind"] = json!("bigquery#getQueryResultsResponse");
    reply["jobReference"] = job.reference();
    reply
}

impl Job {
    fn new(project: &str, id: Option<&str>, sql: &Value) -> Result<Self, BigQueryError> {
        let sql = sql.as_str().filter(|sql| !sql.is_empty());
        let sql = sql.ok_or_else(|| BigQueryError::required("query"))?;
        Ok(Self {
            project: project.to_owned(),
            id: id.map_or_else(|| format!("job_{}", unguessable()), str::to_owned),
            sql: sql.to_owned(),
            row: select(sql).map_err(BigQueryError::invalid_query)?,
            created: unix_time(),
        })
    }

    /// The only row, or its schema and a page token for it, or neither while the query runs.
    fn results(&self, is_done: bool, with_rows: bool) -> Value {
        let mut reply = json!({"jobComplete": is_done});
        if is_done {
            let value = |column: &Column| json!({"v": column.value});
            let row: Vec<_> = self.row.iter().map(value).collect();
            reply["schema"] = self.schema();
            reply["totalRows"] = json!("1");
            reply["totalBytesProcessed"] = json!("0");
            reply["cacheHit"] = json!(false);
            match with_rows {
                true => reply["rows"] = json!([{"f": row}]),
                false => reply["pageToken"] = json!(PAGE_TOKEN),
            }
        }
        reply
    }

    fn schema(&self) -> Value {
        let field = |column: &Column| json!({"name": column.name, "type": column.kind, "mode": "NULLABLE"});
        let fields: Vec<_> = self.row.iter().map(field).collect();
        json!({"fields": fields})
    }

    fn reference(&self) -> Value {
        json!({"projectId": self.project, "jobId": self.id, "location": "US"})
    }

    fn to_json(&self) -> Value {
        // Times are milliseconds, and numbers of 64 bits are text.
        let time = (self.created * 1000).to_string();
        json!({
            "kind": "bigquery#job",
            "id": format!("{}:US.{}", self.project, self.id),
            "jobReference": self.reference(),
            "configuration": {"jobType": "QUERY", "query": {"query": self.sql, "useLegacySql": false}},
            "status": {"state": "DONE"},
            "statistics": {
                "creationTime": time,
                "startTime": time,
                "endTime": time,
                "totalBytesProcessed": "0",
                "query": {"statementType": "SELECT", "totalBytesProcessed": "0", "cacheHit": false},
            },
        })
    }
}

/// A job, as errors name it.
fn name(project: &str, id: &str) -> String {
    format!("Job {project}:US.{id}")
}
