//! The local UTC offset, which Python's `expiration` is skewed by.

use carto_auth_core::Timestamp;
use jiff::tz::TimeZone;

/// Seconds east of UTC at a time, in the zone of this machine (or of the variable `TZ`). The zone is looked up
/// only when it is asked for, since most token files do without.
pub(crate) fn local_offset(at: Timestamp) -> i64 {
    let seconds = at.as_unix_seconds();
    let Ok(at) = jiff::Timestamp::from_second(seconds) else {
        return 0;
    };
    i64::from(TimeZone::system().to_offset(at).seconds())
}
