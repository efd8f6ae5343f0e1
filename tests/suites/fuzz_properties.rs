//! The properties of `fuzz/`, without a fuzzer: on every seed, on every prefix and every bit flip of every seed, and on what
//! proptest makes of bytes, words and seeds.
//!
//! A file that the fuzzer has found goes to `fuzz/corpus/TARGET`, named for what it shows, and is tried here from then on.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use carto_auth_properties::{TARGETS, Target};
use carto_auth_tests::keep_figures;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::string::string_regex;
use proptest::test_runner::{Config, TestRunner};

/// Every seed up to this length is cut off and flipped everywhere; of a longer one every so many places.
const EVERYWHERE: usize = 1500;

struct Seed {
    name: String,
    bytes: Vec<u8>,
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .join("fuzz")
}

fn seeds(target: &str) -> Vec<Seed> {
    let entries = fs::read_dir(fuzz().join("corpus").join(target)).unwrap();
    let mut seeds: Vec<Seed> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| Seed {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            bytes: fs::read(path).unwrap(),
        })
        .collect();
    seeds.sort_by(|one, other| one.name.cmp(&other.name));
    seeds
}

/// Says which bytes break a property.
fn expect_to_hold(target: Target, bytes: &[u8], which: impl Fn() -> String) {
    let outcome = catch_unwind(|| (target.holds)(bytes));
    assert!(
        outcome.is_ok(),
        "{}, {}: {:?}",
        target.name,
        which(),
        String::from_utf8_lossy(bytes)
    );
}

#[test]
fn every_target_has_seeds_named_by_intent_and_each_of_them_holds() {
    let mut all = (0, 0);
    for target in TARGETS {
        let seeds = seeds(target.name);
        assert!(seeds.len() >= 8, "{}: {} seeds", target.name, seeds.len());
        for seed in seeds {
            expect_to_hold(target, &seed.bytes, || seed.name.clone());
            all = (all.0 + 1, all.1 + seed.bytes.len());
        }
        let program = fuzz().join(format!("fuzz_targets/{}.rs", target.name));
        assert!(program.is_file(), "no {}", program.display());
    }
    assert!(
        all.0 < 500 && all.1 < 1 << 20,
        "{all:?}: run the fuzzer with -merge=1"
    );
    let folders = fs::read_dir(fuzz().join("corpus")).unwrap().count();
    assert_eq!(folders, TARGETS.len(), "seeds without a target");
}

#[test]
fn every_prefix_and_every_bit_flip_of_every_seed_holds() {
    let counts = std::thread::scope(|scope| {
        let started = TARGETS.map(|target| scope.spawn(move || malformed(target)));
        started.map(|thread| thread.join().unwrap())
    });
    let count: usize = counts.iter().sum();
    let name = "malformed inputs: every prefix and every flipped bit of every seed";
    keep_figures("malformed_inputs", &[(name, count)]).unwrap();
    assert!(count >= 50_000, "{count}");
}

/// Tries what becomes of the seeds, and counts it.
fn malformed(target: Target) -> usize {
    let mut count = 0;
    for Seed { name, mut bytes } in seeds(target.name) {
        let stride = bytes.len() / EVERYWHERE + 1;
        for place in (0..bytes.len()).step_by(stride) {
            expect_to_hold(target, &bytes[..place], || format!("{name} up to {place}"));
            for bit in 0..8 {
                bytes[place] ^= 1 << bit;
                expect_to_hold(target, &bytes, || format!("{name}, bit {bit} of {place}"));
                bytes[place] ^= 1 << bit;
            }
            count += 9;
        }
    }
    count
}

#[test]
fn bytes_and_words_and_pieces_of_seeds_hold() {
    std::thread::scope(|scope| {
        for target in TARGETS {
            scope.spawn(move || {
                let config = Config {
                    cases: 600,
                    failure_persistence: None,
                    ..Config::default()
                };
                let holds = |bytes: Vec<u8>| {
                    (target.holds)(&bytes);
                    Ok(())
                };
                let outcome = TestRunner::new(config).run(&input(target.name), holds);
                assert!(outcome.is_ok(), "{}: {}", target.name, outcome.unwrap_err());
            });
        }
    });
}

/// Words that mean something to one parser or another.
static WORDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let dictionary = fs::read_to_string(fuzz().join("words.dict")).unwrap();
    let quoted = dictionary
        .lines()
        .filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    quoted.map(unescape).collect()
});

fn unescape(word: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = word.as_bytes();
    while let [first, more @ ..] = rest {
        rest = more;
        bytes.push(match (first, more) {
            (b'\\', [b'x', digits @ ..]) => {
                rest = &digits[2..];
                u8::from_str_radix(str::from_utf8(&digits[..2]).unwrap(), 16).unwrap()
            }
            (b'\\', [escaped, others @ ..]) => {
                rest = others;
                *escaped
            }
            _ => *first,
        });
    }
    bytes
}

/// What a target's input is like, and what is nearly that.
fn shape(target: &str) -> &'static str {
    match target {
        "callback" => {
            "(/callback/|/callback|/)\\?((code|state|error|iss|x)=([a-zA-Z0-9%+=]{0,20}|\\$STATE)&?){0,5}"
        }
        "claims" => {
            "\\{\"(exp|iat|aud|azp)\":(-?[0-9]{1,25}(\\.[0-9]{1,3})?|\\[\"[a-z]{0,9}\"\\]|null)\\}|[A-Za-z0-9_=-]{0,40}\\.[A-Za-z0-9_=-]{0,80}\\.[a-z]{0,5}"
        }
        "credentials" | "pending_login" => {
            "\\{(\"(api_base_url|client_id|client_secret|state|exported_at)\":(\"[ -~]{0,20}\"|-?[0-9]{1,19}|null),?){0,5}\\}"
        }
        "flows" => {
            "(machine|person|refresh|organization|discovery|check|warehouse|login)\n((200|302|401|429|502|503|[2-9][0-9]{2}|refused|timeout|cut) (-?[0-9]{1,5})\n(retry-after: [0-9]{1,3}\n)?\n\\{\"(access_token|error|tenant_domain|token)\":\"[!-~]{0,9}\"\\}\n%%\n){0,7}"
        }
        "host" => {
            "(https?://)?([a-z0-9.:@/?#\\[\\]%-]{0,40}|([a-z]{1,9}\\.){0,3}(evil)?carto\\.com([:/.][a-z0-9%._-]{0,6}){0,3})"
        }
        "listener" => {
            "(GET|POST|[A-Z]{1,5}) (/callback/|/[a-z/]{0,10})(\\?[!-~]{0,20})? HTTP/[01]\\.[01]\r\n(Host: (localhost|127\\.0\\.0\\.1|evil):10000\r\n)?((Sec-Fetch-Mode|Origin|[A-Za-z-]{1,12}): ?(navigate|[ -~]{0,20})\r?\n){0,4}(\r\n){0,2}[ -~]{0,9}"
        }
        "one_line" => "([a-z\u{80}-\u{9f}\u{200b}-\u{202e}\u{feff}\\\\]|\\PC){0,320}",
        "paste" => {
            "[ \"'<`\u{1b}]{0,3}((https?://[ -~]{0,40}\\?)?(code=[!-~]{0,20}&state=(\\$STATE|[a-z]{0,9})|[!-~]{0,60}))[ \"'>`]{0,3}"
        }
        "retry_after" => {
            "[0-9]{0,14}|[A-Z][a-z]{2}, [0-9]{1,2} (Jan|Feb|Mar|Sep|Dec) (19|20|99)[0-9]{2} [0-2][0-9]:[0-6][0-9]:[0-6][0-9] (GMT|UTC)"
        }
        "tenant_config" => {
            "apis: [{]baseUrl: 'https?://([a-z]{0,4}[.@:/])?(carto[.]com|evilcarto[.]com|carto[.]com[.]x)[:/?]?[a-z0-9]{0,4}'[}]|[ -~\n]{0,80}"
        }
        "token_file" => {
            "\\{\"api_base_url\":\"https://a\\.example\",\"access_token\":\"[!#-\\[\\]-~]{1,40}\",\"expiration\":-?[0-9]{1,11}(,\"version\":[0-2],\"expires_at\":-?[0-9]{1,19},\"client_id\":\"machine-id\",\"token_url\":\"t\",\"audience\":\"a\",\"later\":\"[a-z]{0,9}\")?\\}"
        }
        "token_reply" => {
            "(200|429|503|[2-9][0-9]{2}) [0-9]{1,2}\n(retry-after: [ -~]{0,20}\n)?\n\\{(\"error\":(null|\"[a-z]{0,9}\"),)?\"access_token\":\"[!#-~]{0,20}\",\"expires_in\":-?[0-9]{1,25},\"token_type\":\"(Bearer|bearer|mac|)\"\\}"
        }
        other => panic!("what is the input of {other} like?"),
    }
}

/// Any bytes; any text; what the target expects, nearly; words after one another; a seed with something else in the middle;
/// two halves of seeds.
fn input(target: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let shaped = string_regex(shape(target)).unwrap().prop_map(String::into_bytes);
    let seeds: Vec<Vec<u8>> = seeds(target).into_iter().map(|seed| seed.bytes).collect();
    let words = vec(prop_oneof![select(WORDS.clone()), vec(any::<u8>(), 0..6)], 0..12)
        .prop_map(|words| words.concat());
    let spliced = (select(seeds.clone()), any::<(u16, u16)>(), words.clone()).prop_map(
        |(seed, (one, other), words)| {
            let (start, end) = (place(&seed, one.min(other)), place(&seed, one.max(other)));
            [&seed[..start], &words, &seed[end..]].concat()
        },
    );
    let crossed =
        (select(seeds.clone()), select(seeds), any::<(u16, u16)>()).prop_map(|(one, other, (end, start))| {
            [&one[..place(&one, end)], &other[place(&other, start)..]].concat()
        });
    prop_oneof![
        vec(any::<u8>(), 0..300),
        "\\PC{0,200}|.{0,200}|(\\s|\\p{C}){0,60}".prop_map(String::into_bytes),
        shaped,
        words,
        spliced,
        crossed,
    ]
}

fn place(seed: &[u8], part: u16) -> usize {
    seed.len() * usize::from(part) / usize::from(u16::MAX)
}
