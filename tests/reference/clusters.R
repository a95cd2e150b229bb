# Clustered covariances of R, for test_clusters_r.py: Rscript clusters.R > clusters.json
# R with sandwich, clubSandwich, survival (Debian: r-cran-sandwich, r-cran-clubsandwich).
suppressMessages({library(sandwich); library(clubSandwich); library(survival)})
d <- read.csv("clusters.csv")
se <- function(v) unname(sqrt(diag(v)))
G <- length(unique(d$g))

line <- lm(y ~ x + z, d, weights = w)
plain <- lm(y ~ x + z, d)
share <- glm(share ~ x + z, quasibinomial, d, control = glm.control(epsilon = 1e-14))
tobit <- survreg(Surv(pmin(pmax(y, 0), 2), ifelse(y <= 0, 2, ifelse(y >= 2, 0, 1)) ,
                      ifelse(y <= 0, 2, ifelse(y >= 2, 0, 1)), type = "interval") ~ x + z,
                 d, dist = "gaussian")

# The likelihood in Olsen's parameters (beta / sigma, 1 / sigma): exactly one step of Newton's
# method without each cluster, then the delta method to (beta, log sigma).
X <- model.matrix(~ x + z, d)
loglik <- function(p, rows) {
  eta <- drop(X[rows, ] %*% p[1:3]); t <- p[4]; y <- d$y[rows]
  sum(ifelse(y <= 0, pnorm(-eta, log.p = TRUE),
      ifelse(y >= 2, pnorm(2 * t - eta, lower.tail = FALSE, log.p = TRUE),
             dnorm(t * y - eta, log = TRUE) + log(t))))
}
all <- seq_len(nrow(d))
start <- c(coef(tobit) / tobit$scale, 1 / tobit$scale)
gradient <- function(p, rows, h = 1e-5) sapply(1:4, function(j) {
  e <- replace(numeric(4), j, h)
  (8 * (loglik(p + e, rows) - loglik(p - e, rows)) -
     (loglik(p + 2 * e, rows) - loglik(p - 2 * e, rows))) / (12 * h)
})
information <- function(p, rows) {
  H <- -sapply(1:4, function(j) {
    e <- replace(numeric(4), j, 1e-4)
    (gradient(p + e, rows) - gradient(p - e, rows)) / 2e-4
  })
  (H + t(H)) / 2
}
H <- information(start, all)
steps <- sapply(unique(d$g), function(g) {
  rows <- which(d$g == g)
  -solve(H - information(start, rows), gradient(start, rows))
})
s <- 1 / start[4]
J <- rbind(cbind(diag(s, 3), -start[1:3] * s^2), c(0, 0, 0, -s))
one_step <- J %*% (steps %*% t(steps)) %*% t(J) * (G - 1) / G

ways <- ~ g + h + k
numbers <- list(
  R = R.version.string, sandwich = as.character(packageVersion("sandwich")),
  clubSandwich = as.character(packageVersion("clubSandwich")),
  ols_CR3 = se(vcovCR(line, d$g, "CR3") * (G - 1) / G),
  # sandwich 3.0-2 takes the hat matrix of weighted least squares without weights.
  ols_HC3 = se(vcovCL(plain, ~g, type = "HC3", cadjust = FALSE)),
  ols_three_ways = se(vcovCL(line, ways, type = "HC1")),
  fractional_CR3 = se(vcovCR(share, d$g, "CR3") * (G - 1) / G),
  tobit_CR3_one_step = se(one_step),
  tobit_three_ways = se(vcovCL(tobit, ways)),
  tobit_two_ways = se(vcovCL(tobit, ~ g3 + k3)),
  tobit_two_ways_fixed = se(vcovCL(tobit, ~ g3 + k3, fix = TRUE))
)
line <- function(name) {
  v <- numbers[[name]]
  v <- if (is.character(v)) paste0('"', v, '"') else
    paste0("[", paste(ifelse(is.nan(v), "null", sprintf("%.12g", v)), collapse = ", "), "]")
  paste0('  "', name, '": ', v)
}
cat("{\n", paste(sapply(names(numbers), line), collapse = ",\n"), "\n}\n", sep = "")
