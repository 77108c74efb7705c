//! Writes every page to a folder, with ordinary and with hostile data, to be looked at in a browser.
//!
//! ```text
//! cargo run -p entryway-server --example gallery -- DIRECTORY
//! ```

mod samples;

use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs, io};

use entryway_server::pages::assets;

fn main() -> ExitCode {
    let Some(directory) = env::args_os().nth(1) else {
        eprintln!("usage: gallery DIRECTORY");
        return ExitCode::from(2);
    };
    match write_gallery(&PathBuf::from(directory)) {
        Ok(pages) => {
            println!("{pages} pages");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write_gallery(directory: &std::path::Path) -> io::Result<usize> {
    fs::create_dir_all(directory.join("assets"))?;
    for asset in assets::ALL {
        fs::write(directory.join(asset.path.trim_start_matches('/')), asset.body)?;
    }
    let samples = samples::all();
    for sample in &samples {
        // opened as files, the pages find their assets beside themselves
        let html = sample.html.replace("\"/assets/", "\"assets/");
        fs::write(directory.join(format!("{}.html", sample.name)), html)?;
    }
    Ok(samples.len())
}
