# The R side of read_speed.py. Reads orders from standard input, one per line, and answers each with
# the seconds it took: `whole FILE`, or `some FILE` with the columns in the file FILE.columns.
suppressPackageStartupMessages(library(haven))

read <- list(
  sav = function(file, ...) read_sav(file, ...),
  zsav = function(file, ...) read_sav(file, ...),
  dta = function(file, ...) read_dta(file, ...)
)

orders <- file("stdin", open = "r")
while (length(order <- readLines(orders, n = 1)) > 0) {
  words <- strsplit(order, " ", fixed = TRUE)[[1]]
  if (words[1] == "versions") {
    cat(paste0("R ", getRversion(), ", haven ", packageVersion("haven")), "\n")
  } else {
    reader <- read[[tools::file_ext(words[2])]]
    columns <- readLines(file.path(dirname(words[2]), "columns.txt"))
    invisible(gc(FALSE))
    taken <- system.time(
      if (words[1] == "whole") {
        table <- reader(words[2])
      } else {
        table <- reader(words[2], col_select = tidyselect::all_of(columns))
      }
    )[["elapsed"]]
    rm(table)
    cat(format(taken, digits = 9), "\n")
  }
  flush(stdout())
}
