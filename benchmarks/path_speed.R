# Times lavaan's bootstrap and a hand-written loop over .lm.fit; called by path_speed.py, which
# passes the data file and the numbers of draws and repetitions. Prints name, draws, seconds;
# lavaan's without the one fit to the sample itself, which does not grow with the draws.
suppressPackageStartupMessages(library(lavaan))
given <- commandArgs(trailingOnly = TRUE)
d <- read.csv(given[1]); n <- nrow(d)
draws <- as.integer(given[2:3]); repetitions <- as.integer(given[4])
model <- "
 absorb ~ a1*breadth + a2*lrd
 innov  ~ b1*absorb + b2*breadth + b3*lsize
 perf   ~ c1*innov + c2*absorb + c3*lsize + c4*breadth
 indirect := a1*b1*c1 + a1*c2 + b2*c1
 total    := c4 + a1*b1*c1 + a1*c2 + b2*c1
"
loop <- function(times) {
  y1 <- d$absorb; X1 <- cbind(1, d$breadth, d$lrd)
  y2 <- d$innov; X2 <- cbind(1, d$absorb, d$breadth, d$lsize)
  y3 <- d$perf; X3 <- cbind(1, d$innov, d$absorb, d$lsize, d$breadth)
  found <- vapply(seq_len(times), function(i) {
    k <- sample.int(n, n, TRUE)
    a <- .lm.fit(X1[k, ], y1[k])$coefficients
    b <- .lm.fit(X2[k, ], y2[k])$coefficients
    c <- .lm.fit(X3[k, ], y3[k])$coefficients
    indirect <- a[2] * b[2] * c[2] + a[2] * c[3] + b[3] * c[2]
    c(indirect, c[5] + indirect)
  }, numeric(2))
  apply(found, 1, quantile, c(0.025, 0.975))
}
clock <- function(work) {
  gc(FALSE)
  median(vapply(seq_len(repetitions), function(i) system.time(work())[["elapsed"]], 0))
}
set.seed(1)
once <- clock(function() sem(model, d, fixed.x = TRUE))
slow <- clock(function() sem(model, d, fixed.x = TRUE, se = "bootstrap", bootstrap = draws[1]))
quick <- clock(function() loop(draws[2]))
cat("lavaan", draws[1], slow - once, "\n")
cat("loop", draws[2], quick, "\n")
cat("versions", as.character(getRversion()), as.character(packageVersion("lavaan")), "\n")
