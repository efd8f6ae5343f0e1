//! Who listens at a port, as far as this user may know.

#[cfg(target_os = "linux")]
use std::{fs, path::Path};

/// Programs that listen at a port, such as `python3 (process 4711)`: none that are another user's.
#[cfg(target_os = "linux")]
pub(super) fn holders(port: u16) -> Vec<String> {
    let tables =
        ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
    let sockets: Vec<String> = tables.iter().flat_map(|table| listening(table, port)).collect();
    let holds_one = |process: &Path| {
        let open = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        let mut links = open.filter_map(|entry| fs::read_link(entry.path()).ok());
        links.any(|link| sockets.iter().any(|socket| link == Path::new(socket)))
    };
    let holder = |process: &Path| {
        let id: u32 = process.file_name()?.to_str()?.parse().ok()?;
        let name = fs::read_to_string(process.join("comm")).ok()?;
        holds_one(process).then(|| format!("{} (process {id})", name.trim_end()))
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter_map(|entry| holder(&entry.path())).collect()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn holders(_port: u16) -> Vec<String> {
    Vec::new()
}

/// The listeners at a port in a table of the kernel's (proc(5)), as a process's folder `fd` names them.
#[cfg(target_os = "linux")]
fn listening(table: &str, port: u16) -> Vec<String> {
    const LISTEN: &str = "0A";
    let listener = |line: &str| {
        let columns: Vec<&str> = line.split_ascii_whitespace().collect();
        let (_, local_port) = columns.get(1)?.split_once(':')?;
        let is_it = u16::from_str_radix(local_port, 16) == Ok(port) && *columns.get(3)? == LISTEN;
        let inode = columns.get(9).filter(|_| is_it)?;
        Some(format!("socket:[{inode}]"))
    };
    table.lines().filter_map(listener).collect()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::listening;

    #[test]
    fn listeners_are_told_from_connections_and_other_ports() {
        let row = |local: &str, state: &str, inode: &str| {
            format!(
                "   0: {local} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 1000 0 {inode} 1\n"
            )
        };
        let table = "  sl  local_address rem_address   st tx_queue rx_queue\n".to_owned()
            + &row("0100007F:2710", "0A", "4242")
            + &row("0100007F:2710", "01", "4243")
            + &row("0100007F:2711", "0A", "4244")
            + &row("00000000000000000000000001000000:2710", "0A", "4245")
            + "   3: 0100007F:2710 00000000:0000 0A";
        assert_eq!(listening(&table, 10_000), ["socket:[4242]", "socket:[4245]"]);
    }
}
