# Average effects by R: survreg, glm and optim for the models, sandwich for robust covariances,
# numDeriv for the gradients of the delta method. Rscript effects.R writes effects.json.
library(survival); library(sandwich); library(numDeriv)

firms <- read.csv("firms.csv")
design <- function(t) cbind(1, t$d, t$e, t$a, t$d * t$e, t$d * t$a)
at <- function(...) { t <- firms; new <- list(...); t[names(new)] <- new; design(t) }
h <- 1e-2
effects <- function(mean) {
  near <- function(step, ...) mean(at(..., a = firms$a + step * h))
  slope <- function(...) (8 * (near(1, ...) - near(-1, ...)) - near(2, ...) + near(-2, ...)) / (12 * h)
  c(d = mean(at(d = 1)) - mean(at(d = 0)),
    a = slope(),
    `d:e` = mean(at(d = 1, e = 1)) - mean(at(d = 1, e = 0)) - mean(at(d = 0, e = 1)) + mean(at(d = 0, e = 0)),
    `d:a` = slope(d = 1) - slope(d = 0))
}
delta <- function(par, V, mean_of) {
  value <- function(p) effects(function(X) base::mean(mean_of(X, p)))
  J <- jacobian(value, par, method.args = list(r = 6))
  list(effect = as.list(value(par)), std_error = setNames(as.list(sqrt(diag(J %*% V %*% t(J)))), names(value(par))))
}
moments <- function(eta, s) {
  a <- -eta / s; b <- (100 - eta) / s; P <- pnorm(b) - pnorm(a)
  list(observed = eta * P + s * (dnorm(a) - dnorm(b)) + 100 * pnorm(b, lower.tail = FALSE),
       uncensored = eta + s * (dnorm(a) - dnorm(b)) / P, probability = P)
}
out <- list()

# Tobit, HC0
y <- firms$y
S <- Surv(ifelse(y <= 0, NA, y), ifelse(y >= 100, NA, y), type = "interval2")
tobit <- survreg(S ~ d + e + a + d:e + d:a, firms, dist = "gaussian",
                 control = survreg.control(rel.tolerance = 1e-12, maxiter = 200))
par <- c(coef(tobit), log(tobit$scale))
for (kind in c("observed", "uncensored", "probability"))
  out$tobit[[kind]] <- delta(par, sandwich(tobit), function(X, p) moments(drop(X %*% p[1:6]), exp(p[7]))[[kind]])

# Fractional logit, HC0
share <- glm(I(y / 100) ~ d + e + a + d:e + d:a, quasibinomial, firms, control = glm.control(1e-14, 100))
out$fractional$observed <- delta(coef(share), sandwich(share), function(X, p) 100 * plogis(drop(X %*% p)))

# Tobit whose log sigma depends on a and d, classical
Z <- cbind(1, firms$a, firms$d)
loglik <- function(p) {
  eta <- drop(at() %*% p[1:6]); s <- exp(drop(Z %*% p[7:9]))
  sum(ifelse(y <= 0, pnorm(-eta / s, log.p = TRUE),
      ifelse(y >= 100, pnorm((eta - 100) / s, log.p = TRUE), dnorm(y, eta, s, log = TRUE))))
}
p <- c(par, 0, 0)
for (i in 1:3) p <- optim(p, function(q) -loglik(q), method = "BFGS", control = list(maxit = 2000, reltol = 1e-15))$par
for (i in 1:6) p <- p - solve(hessian(loglik, p), grad(loglik, p))
V <- solve(-hessian(loglik, p))
out$heteroskedastic <- list(params = p, bse = sqrt(diag(V)), llf = loglik(p))
mean_of <- function(X, p) {
  # columns of the design: 4 is a, 2 is d
  s <- exp(p[7] + p[8] * X[, 4] + p[9] * X[, 2])
  moments(drop(X %*% p[1:6]), s)$observed
}
out$heteroskedastic$observed <- delta(p, V, mean_of)

# Two parts: probit of any (observed information), fractional logit among those with any; HC0 of
# both estimating equations together
some <- y > 0
any <- glm(some ~ d + e + a + d:e + d:a, binomial("probit"), firms, control = glm.control(1e-14, 100))
much <- glm(I(y / 100) ~ d + e + a + d:e + d:a, quasibinomial, firms[some, ], control = glm.control(1e-14, 100))
X <- at()
score <- function(b) { q <- 2 * some - 1; eta <- drop(X %*% b); q * dnorm(eta) / pnorm(q * eta) }
lambda <- score(coef(any))
H1 <- t(X) %*% (X * (lambda * (lambda + drop(X %*% coef(any)))))
res <- y[some] / 100 - fitted(much)
H2 <- t(X[some, ]) %*% (X[some, ] * fitted(much) * (1 - fitted(much)))
scores <- cbind(X * lambda, matrix(0, nrow(X), 6)); scores[some, 7:12] <- X[some, ] * res
bread <- rbind(cbind(solve(H1), matrix(0, 6, 6)), cbind(matrix(0, 6, 6), solve(H2)))
V <- bread %*% crossprod(scores) %*% bread
out$two_part$observed <- delta(c(coef(any), coef(much)), V, function(X, p)
  100 * pnorm(drop(X %*% p[1:6])) * plogis(drop(X %*% p[7:12])))

fmt <- function(x) if (is.list(x)) paste0("{", paste0('"', names(x), '": ', vapply(x, fmt, ""), collapse = ", "), "}") else
  if (length(x) > 1) paste0("[", paste(sprintf("%.12g", x), collapse = ", "), "]") else sprintf("%.12g", x)
writeLines(paste0("{\n", paste0(' "', names(out), '": ', vapply(out, fmt, ""), collapse = ",\n"), "\n}"), "effects.json")
