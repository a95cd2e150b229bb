# Multiple imputation by R's mice, for test_imputation_r.py: Rscript imputation.R
# It writes imputation.csv (a sample with gaps) and imputation.json. R with mice, jsonlite (Debian:
# r-cran-mice, r-cran-jsonlite).
suppressMessages({library(mice); library(jsonlite)})
set.seed(17)
n <- 400
x <- rnorm(n); z <- rbinom(n, 1, plogis(0.5 * x)); a <- 0.7 * x + rnorm(n)
y <- 1 + x + 0.8 * z + rnorm(n)
d <- data.frame(y, x, z, a)
d$x[runif(n) < plogis(-1 + 0.8 * y - 0.8)] <- NA   # the larger the outcome, the fewer answers
d$z[runif(n) < 0.15] <- NA
write.csv(d, "imputation.csv", row.names = FALSE, na = "")

columns <- c("estimate", "ubar", "b", "t", "df", "riv", "lambda", "fmi")
fit <- function(m, seed) with(mice(d, m = m, maxit = 10, seed = seed, printFlag = FALSE), lm(y ~ x + z))
few <- fit(10, 1)
each <- lapply(few$analyses, function(f) coef(summary(f))[, 1:2])
known <- pool(few)
endless <- pool(few, dfcom = Inf)
many <- pool(fit(200, 2))
out <- list(
  estimates = t(sapply(each, function(e) e[, 1])), std_errors = t(sapply(each, function(e) e[, 2])),
  dfcom = known$pooled$dfcom[1], pooled = known$pooled[, columns],
  endless = endless$pooled[, columns],
  many = many$pooled[, columns],
  listwise = unname(coef(lm(y ~ x + z, d)))
)
writeLines(toJSON(out, digits = 12, dataframe = "columns", auto_unbox = TRUE, pretty = TRUE), "imputation.json")
