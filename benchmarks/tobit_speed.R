# The R side of tobit_speed.py. Reads orders from standard input, one per line, and answers each with
# the seconds it took. `Rscript tobit_speed.R process FILE` is the whole-process task instead.
suppressPackageStartupMessages({
  library(AER)
  library(sandwich)
})

model <- y ~ d1 + d2 + d3 + d4 + d5 + d6 + d7 + size + intensity + export + educated + factor(industry)
fit_classical <- function(firms) vcov(tobit(model, left = 0, right = 1, data = firms))
fit_clustered <- function(firms) {
  vcovCL(tobit(model, left = 0, right = 1, data = firms), cluster = firms$cluster)
}

resample_tobit <- function(firms, draws) {
  terms <- colnames(model.matrix(model, firms))
  statistic <- function(table, rows) {
    chosen <- table[rows, ]
    local_model <- model
    environment(local_model) <- environment()
    fit <- tryCatch(
      suppressWarnings(tobit(local_model, left = 0, right = 1, data = chosen)),
      error = function(e) NULL
    )
    if (is.null(fit)) rep(NA_real_, length(terms) + 1) else c(unname(coef(fit)[terms]), fit$scale)
  }
  boot::boot(firms, statistic, R = draws, parallel = "multicore", ncpus = 2)
}

resample_matrices <- function(firms, draws) {
  fit <- tobit(model, left = 0, right = 1, data = firms)
  X <- model.matrix(model, firms)
  Y <- fit$y
  start <- c(coef(fit), log(fit$scale))
  normal <- survreg.distributions$gaussian
  for (draw in seq_len(draws)) {
    rows <- sample.int(nrow(X), replace = TRUE)
    tryCatch(
      suppressWarnings(survreg.fit(
        X[rows, ], Y[rows, ], NULL, NULL, start, survreg.control(), normal, 0, 1, 0, NULL
      )),
      error = function(e) NULL
    )
  }
}

orders <- commandArgs(TRUE)
if (length(orders) == 2 && orders[1] == "process") {
  firms <- read.csv(orders[2])
  fit <- tobit(model, left = 0, right = 1, data = firms)
  print(coeftest(fit, vcov = vcovCL(fit, cluster = firms$cluster)))
  quit("no")
}

tasks <- list(
  classical = fit_classical, clustered = fit_clustered,
  boot = function(firms) resample_tobit(firms, 1000),
  loop = function(firms) resample_matrices(firms, 1000)
)
library(survival)
input <- file("stdin", "r")
firms <- NULL
while (length(line <- readLines(input, 1)) == 1) {
  order <- strsplit(line, " ")[[1]]
  if (order[1] == "load") {
    firms <- read.csv(order[2])
    cat(nrow(firms), "\n")
  } else if (order[1] == "versions") {
    cat(paste0(
      "R ", getRversion(), ", AER ", packageVersion("AER"), ", survival ", packageVersion("survival"),
      ", sandwich ", packageVersion("sandwich"), ", boot ", packageVersion("boot")
    ), "\n")
  } else {
    times <- as.integer(order[2])
    invisible(gc(FALSE))
    taken <- system.time(for (i in seq_len(times)) tasks[[order[1]]](firms))[["elapsed"]]
    cat(format(taken / times, digits = 9), "\n")
  }
  flush(stdout())
}
