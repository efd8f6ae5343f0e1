//! The port that the browser comes back to.

use std::net::SocketAddr;

use carto_auth_core::Endpoints;
use carto_auth_native::{PortState, try_callback_port};

use super::port_holder::holders;
use super::{Check, State};

pub(super) fn check(endpoints: &Endpoints) -> Check {
    let tried = try_callback_port(endpoints);
    let port = tried.first().map_or(0, |(address, _)| address.port());
    let on = |wanted| {
        let fit = tried.iter().filter(|(_, found)| *found == wanted);
        let texts: Vec<_> = fit.map(|(address, _)| shown(*address)).collect();
        (!texts.is_empty()).then(|| texts.join(" and "))
    };
    let (free, taken) = (on(PortState::Free), on(PortState::Taken));
    let holders = if taken.is_some() {
        holders(port)
    } else {
        Vec::new()
    };
    let unusable = tried.iter().filter_map(|(address, found)| {
        let PortState::Unusable(why) = found else {
            return None;
        };
        Some(format!("not to be listened at on {} ({why})", shown(*address)))
    });
    let mut parts: Vec<String> = unusable.collect();
    let is_usable = taken.is_none() && parts.is_empty() && free.is_some();
    let is_taken = taken.is_some();
    parts.extend(taken.map(|places| match holders.is_empty() {
        true => format!("taken on {places}"),
        false => format!("taken on {places} by {}", holders.join(" and ")),
    }));
    parts.extend(free.map(|places| format!("free on {places}")));
    parts.extend(on(PortState::NoFamily).map(|places| format!("this machine has no {places}")));
    let state = if is_usable { State::Ok } else { State::Warning };
    let check = Check::new("port", state, parts.join(", ")).about(port.to_string());
    let meanwhile = "until it is free, a login takes a pasted code";
    match (state, is_taken, holders.is_empty()) {
        (State::Ok, ..) => check,
        (_, false, _) => check.hint("a login takes a pasted code"),
        (_, true, true) => check.hint(format!("`{}` tells who has it; {meanwhile}", finder(port))),
        (_, true, false) => check.hint(meanwhile),
    }
}

fn shown(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}

/// The command that tells who listens.
fn finder(port: u16) -> String {
    if cfg!(target_os = "linux") {
        format!("sudo ss -ltnp 'sport = :{port}'")
    } else if cfg!(windows) {
        format!("netstat -ano | findstr :{port}")
    } else {
        format!("sudo lsof -nP -iTCP:{port} -sTCP:LISTEN")
    }
}
