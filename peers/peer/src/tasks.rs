//! Libraries that are awaited.

use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Builder;

use crate::asked::Asked;
use crate::threads::on_each;
use crate::{Result, ended};

/// A library, and what it knows so far.
pub trait Source: Send + Sync + 'static {
    /// Its token.
    type Token: Send;

    /// A token that is good.
    ///
    /// # Errors
    /// The library's.
    fn token(&self) -> impl Future<Output = Result<Self::Token>> + Send;

    /// What is sent.
    fn text(token: &Self::Token) -> &str;
}

/// Does what the arguments say with the source that is made, within a runtime, for a URL and the CA to trust.
pub fn run<S: Source>(make: impl AsyncFnOnce(&str, Option<&Path>) -> Result<S>) -> ExitCode {
    ended(Asked::by_arguments().and_then(|asked| obey(asked, make)))
}

fn obey<S: Source>(asked: Asked, make: impl AsyncFnOnce(&str, Option<&Path>) -> Result<S>) -> Result<()> {
    match asked {
        // The cheapest runtime: it starts no thread.
        Asked::Fetch { url, ca } => Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(async {
                println!("{}", S::text(&make(&url, ca.as_deref()).await?.token().await?));
                Ok(())
            }),
        Asked::Hold { url, times, threads } => {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let (source, first) = runtime.block_on(made::<S>(make, &url))?;
            // Asked within a runtime, as programs ask, but in one that has nothing else to do, no I/O to look after,
            // and is entered once. `unconstrained`: else tokio's locks give way to other tasks after 128 turns.
            on_each(threads, || {
                let asking = async {
                    for _ in 0..times {
                        black_box(S::text(&source.token().await?));
                    }
                    Ok(())
                };
                Builder::new_current_thread()
                    .build()?
                    .block_on(tokio::task::unconstrained(asking))
            })?;
            println!("{first}");
            Ok(())
        }
        Asked::Herd { url, askers } => Builder::new_multi_thread().enable_all().build()?.block_on(async {
            let source = Arc::new(make(&url, None).await?);
            let begun = Instant::now();
            let asking: Vec<_> = (0..askers)
                .map(|_| {
                    let source = Arc::clone(&source);
                    tokio::spawn(async move { source.token().await.map(drop) })
                })
                .collect();
            for asked in asking {
                asked.await??;
            }
            println!("{:.3}", begun.elapsed().as_secs_f64() * 1e3);
            Ok(())
        }),
    }
}

/// A source that has a token, and the token's length.
async fn made<S: Source>(
    make: impl AsyncFnOnce(&str, Option<&Path>) -> Result<S>,
    url: &str,
) -> Result<(S, usize)> {
    let source = make(url, None).await?;
    let first = S::text(&source.token().await?).len();
    Ok((source, first))
}
