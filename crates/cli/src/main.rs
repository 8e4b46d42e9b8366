//! `salus`.

fn main() -> std::process::ExitCode {
    salus_cli::cli::run(std::env::args_os())
}
