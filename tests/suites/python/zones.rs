//! The zones of the matrix, and the two changes of their clocks in 2027.

/// A change of a zone's clocks.
#[derive(Clone, Copy)]
pub(crate) struct Change {
    /// When, in Unix time.
    pub(crate) at: i64,
    /// The offset before and after it, in seconds east of UTC.
    pub(crate) offsets: (i64, i64),
}

impl Change {
    /// When UTC shows what the clocks of the zone show as they change: Python takes the one for the other, so its clock
    /// jumps here.
    pub(crate) fn jump(self) -> i64 {
        self.at + self.offsets.0
    }

    /// The ends that this change skips on Python's clock.
    pub(crate) fn skips(self, end: i64) -> bool {
        (self.jump()..self.at + self.offsets.1).contains(&end)
    }
}

/// A zone by its name, and how its clocks change: in both directions, or not at all.
pub(crate) struct Zone {
    pub(crate) name: &'static str,
    pub(crate) changes: [Change; 2],
}

const HOUR: i64 = 3600;

const fn change(at: i64, before: i64, after: i64) -> Change {
    Change {
        at,
        offsets: (before, after),
    }
}

const fn zone(name: &'static str, changes: [Change; 2]) -> Zone {
    Zone { name, changes }
}

/// 2027-03-28T01:00:00Z and 2027-10-31T01:00:00Z.
const EUROPE: [i64; 2] = [1_806_195_600, 1_824_944_400];

pub(crate) const UTC: Zone = zone("UTC", [change(EUROPE[0], 0, 0), change(EUROPE[1], 0, 0)]);

pub(crate) const MADRID: Zone = zone(
    "Europe/Madrid",
    [
        change(EUROPE[0], HOUR, 2 * HOUR),
        change(EUROPE[1], 2 * HOUR, HOUR),
    ],
);

/// 2027-03-14T07:00:00Z and 2027-11-07T06:00:00Z.
pub(crate) const NEW_YORK: Zone = zone(
    "America/New_York",
    [
        change(1_805_007_600, -5 * HOUR, -4 * HOUR),
        change(1_825_567_200, -4 * HOUR, -5 * HOUR),
    ],
);

/// 2027-03-14T10:00:00Z and 2027-11-07T09:00:00Z.
pub(crate) const LOS_ANGELES: Zone = zone(
    "America/Los_Angeles",
    [
        change(1_805_018_400, -8 * HOUR, -7 * HOUR),
        change(1_825_578_000, -7 * HOUR, -8 * HOUR),
    ],
);

pub(crate) const KOLKATA: Zone = zone(
    "Asia/Kolkata",
    [
        change(EUROPE[0], 5 * HOUR + HOUR / 2, 5 * HOUR + HOUR / 2),
        change(EUROPE[1], 5 * HOUR + HOUR / 2, 5 * HOUR + HOUR / 2),
    ],
);

/// 2027-04-03T14:00:00Z and 2027-09-25T14:00:00Z.
pub(crate) const AUCKLAND: Zone = zone(
    "Pacific/Auckland",
    [
        change(1_806_760_800, 13 * HOUR, 12 * HOUR),
        change(1_821_880_800, 12 * HOUR, 13 * HOUR),
    ],
);

/// 2027-04-03T15:00:00Z and 2027-10-02T15:30:00Z: half an hour.
pub(crate) const LORD_HOWE: Zone = zone(
    "Australia/Lord_Howe",
    [
        change(1_806_764_400, 11 * HOUR, 10 * HOUR + HOUR / 2),
        change(1_822_491_000, 10 * HOUR + HOUR / 2, 11 * HOUR),
    ],
);
