//! `carto-auth dw`: print the credentials of the CARTO Data Warehouse.

use carto_auth_core::CartoDwCredentials;
use serde::Serialize;

use crate::arguments::{DwOptions, DwPart};
use crate::failure::Failure;
use crate::global::Global;
use crate::{identity, output};

#[derive(Serialize)]
struct Answer<'a> {
    project_id: &'a str,
    access_token: &'a str,
    token_type: &'static str,
}

/// Whoever asks for the project alone does not expect a secret.
#[derive(Serialize)]
struct Project<'a> {
    project_id: &'a str,
}

pub(crate) fn run(global: &Global, options: &DwOptions) -> Result<(), Failure> {
    let chosen = identity::choose(global)?;
    let credentials = chosen.auth.carto_dw_credentials();
    let credentials = credentials.map_err(|error| chosen.failure(error))?;
    print(global, options, &credentials)
}

fn print(global: &Global, options: &DwOptions, credentials: &CartoDwCredentials) -> Result<(), Failure> {
    let project_id = credentials.project_id();
    let access_token = match options.part {
        Some(DwPart::Project) if global.json => return output::json(&Project { project_id }),
        Some(DwPart::Project) => return output::answer(project_id),
        Some(DwPart::Token) | None => credentials.token().expose(),
    };
    match options.part {
        _ if global.json => output::json(&Answer {
            project_id,
            access_token,
            token_type: "Bearer",
        }),
        Some(_) => output::answer(access_token),
        None => output::answer(&format!("{project_id} {access_token}")),
    }
}
