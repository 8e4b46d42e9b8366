//! What somebody states in words, of which the chain gets a salted commitment only.

use crate::failure::Failure;
use crate::operations::documents;
use std::path::PathBuf;

/// A statement in words.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Statement {
    /// The statement in words
    #[arg(long, value_name = "TEXT")]
    statement: Option<String>,
    /// A file with the statement in words
    #[arg(long, value_name = "FILE")]
    statement_file: Option<PathBuf>,
}

impl Statement {
    /// The words: the same from a file and from the command line.
    ///
    /// # Errors
    /// [`Failure`] where there are none, or the file cannot be read.
    pub fn words(&self) -> Result<String, Failure> {
        let words = match (&self.statement, &self.statement_file) {
            (_, Some(file)) => String::from_utf8(documents::read(file)?)
                .map_err(|_| Failure::input("file", format!("{} is not text", file.display()), "check the path"))?,
            (words, None) => words.clone().unwrap_or_default(),
        };
        // An editor ends a file with a line feed, a command line does not.
        let words = words.trim_end().to_owned();
        match words.is_empty() {
            true => Err(Failure::usage("the statement has no words", "say what there is to say")),
            false => Ok(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Exit;

    #[test]
    fn a_statement_is_the_same_from_a_file_and_from_the_command_line() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("statement.txt");
        std::fs::write(&file, "Found unconscious\n")?;
        let of_file = Statement { statement: None, statement_file: Some(file) };
        let typed = Statement { statement: Some("Found unconscious".into()), statement_file: None };
        let words = |statement: &Statement| statement.words().map_err(|failure| failure.message);
        assert_eq!(words(&of_file)?, words(&typed)?);
        let empty = Statement { statement: Some(" \n".into()), statement_file: None };
        assert!(empty.words().is_err_and(|failure| failure.exit == Exit::Usage));
        Ok(())
    }
}
