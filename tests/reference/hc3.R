# HC3 of R on clusters.csv, for test_clusters_r.py: Rscript hc3.R > hc3.json
# R with sandwich (Debian: r-cran-sandwich).
suppressMessages(library(sandwich))
d <- read.csv("clusters.csv")
fits <- list(
  ols = lm(y ~ x + z, d),
  ols_weighted = lm(y ~ x + z, d, weights = w),
  ols_effects = lm(y ~ x + z + factor(g), d),
  fractional = glm(share ~ x + z, quasibinomial, d, control = glm.control(epsilon = 1e-14))
)
line <- function(name) {
  v <- sqrt(diag(vcovHC(fits[[name]], type = "HC3")))[1:3]
  paste0('  "', name, '": [', paste(sprintf("%.12g", v), collapse = ", "), "]")
}
about <- sprintf('  "R": "%s",\n  "sandwich": "%s"', R.version.string, packageVersion("sandwich"))
cat("{\n", about, ",\n", paste(sapply(names(fits), line), collapse = ",\n"), "\n}\n", sep = "")
