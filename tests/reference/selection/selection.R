# Selection, control functions and doubly robust effects written out in R: likelihoods maximised by
# optim, first steps by glm and lm, Tobit by survreg, derivatives by numDeriv. Rscript selection.R
# writes firms.csv and selection.json.
library(survival); library(numDeriv)
set.seed(1986)

n <- 500
x <- round(rnorm(n), 4); z <- round(rnorm(n), 4); w <- round(rnorm(n), 4)
v <- rnorm(n); e <- 0.5 * v + sqrt(0.75) * rnorm(n)
s <- as.integer(0.3 + 0.4 * x + 0.7 * z + v > 0)
d <- as.integer(0.2 * x + 0.8 * w + 0.6 * e + rnorm(n) > 0)
q <- round(0.5 * x + 0.9 * w + 0.6 * e + rnorm(n), 4)
y <- round(pmin(pmax(6 + 4 * x + 8 * d + 12 * e, 0), 40), 4)
firms <- data.frame(x, z, w, s, d, q, y)
write.csv(firms, "firms.csv", row.names = FALSE)
out <- list()
num <- function(v) setNames(as.list(as.numeric(v)), names(v))

# Newton steps after optim, and the covariance from the Hessian by differences.
maximise <- function(f, start) {
  par <- optim(start, f, method = "BFGS", control = list(maxit = 1000, reltol = 1e-13))$par
  for (i in 1:3) par <- par - solve(hessian(f, par), grad(f, par))
  par
}

# --- selection by maximum likelihood -----------------------------------------------------------
probit <- glm(s ~ x + z, binomial("probit"), firms)
Z <- model.matrix(probit); X <- model.matrix(y ~ x + d, firms)
rows <- function(p, low, high) {
  b <- p[1:3]; g <- p[4:6]; rho <- tanh(p[7]); sigma <- exp(p[8]); r <- sqrt(1 - rho^2)
  zeta <- drop(Z %*% g); u <- (y - drop(X %*% b)) / sigma
  l <- ifelse(s == 0, pnorm(-zeta, log.p = TRUE),
              dnorm(u, log = TRUE) - log(sigma) + pnorm((zeta + rho * u) / r, log.p = TRUE))
  tail <- function(i, k, c) log(integrate(function(t) dnorm(t) * pnorm((k - c * t) / r), -zeta[i], Inf,
                                          rel.tol = 1e-12, subdivisions = 400)$value)
  for (i in which(s == 1 & y <= low)) l[i] <- tail(i, (low - drop(X[i, ] %*% b)) / sigma, rho)
  for (i in which(s == 1 & y >= high)) l[i] <- tail(i, (drop(X[i, ] %*% b) - high) / sigma, -rho)
  l
}
for (kind in c("heckman", "censored")) {
  low <- if (kind == "heckman") -Inf else 0; high <- if (kind == "heckman") Inf else 40
  chosen <- s == 1
  start <- c(coef(lm(y ~ x + d, firms, subset = chosen)), coef(probit), 0.1, log(sd(y[chosen])))
  f <- function(p) -sum(rows(p, low, high))
  par <- maximise(f, start)
  V <- solve(hessian(f, par))
  S <- jacobian(function(p) rows(p, low, high), par)
  robust <- V %*% crossprod(S) %*% V
  J <- diag(8); J[7, 7] <- 1 - tanh(par[7])^2; J[8, 8] <- exp(par[8])
  shown <- c(par[1:6], tanh(par[7]), exp(par[8]))
  names(shown) <- c("Intercept", "x", "d", "selection: Intercept", "selection: x", "selection: z", "rho", "sigma")
  out[[kind]] <- list(params = num(shown), bse = as.numeric(sqrt(diag(J %*% V %*% t(J)))),
                      hc0 = as.numeric(sqrt(diag(J %*% robust %*% t(J)))), llf = -f(par))
}

# --- Tobit with a control function -------------------------------------------------------------
tobit <- function(data) survreg(Surv(ifelse(y <= 0, NA, y), ifelse(y >= 40, NA, y), type = "interval2") ~
  x + end + res, data, dist = "gaussian", control = survreg.control(rel.tolerance = 1e-13, maxiter = 300))
second <- function(p, end, res) {
  eta <- drop(cbind(1, x, end, res) %*% p[1:4]); sigma <- exp(p[5])
  ifelse(y <= 0, pnorm((0 - eta) / sigma, log.p = TRUE),
         ifelse(y >= 40, pnorm((eta - 40) / sigma, log.p = TRUE), dnorm((y - eta) / sigma, log = TRUE) - log(sigma)))
}
D1 <- cbind(1, x, w)
mills <- function(t) exp(dnorm(t, log = TRUE) - pnorm(t, log.p = TRUE))
stages <- list(
  number = list(end = q, res = function(p) q - drop(D1 %*% p),
                logl = NULL, par = coef(lm(q ~ x + w, firms)), V = vcov(lm(q ~ x + w, firms)),
                score = function(p) D1 * (q - drop(D1 %*% p))),
  yesno = list(end = d, res = function(p) { t <- drop(D1 %*% p); d * mills(t) - (1 - d) * mills(-t) },
               par = NULL, V = NULL, score = NULL))
first <- function(p) { t <- drop(D1 %*% p); d * pnorm(t, log.p = TRUE) + (1 - d) * pnorm(-t, log.p = TRUE) }
start <- coef(glm(d ~ x + w, binomial("probit"), firms))
stages$yesno$par <- maximise(function(p) -sum(first(p)), start)
stages$yesno$V <- solve(hessian(function(p) -sum(first(p)), stages$yesno$par))
stages$yesno$score <- function(p) jacobian(first, p)
for (kind in names(stages)) {
  st <- stages[[kind]]; p1 <- st$par
  fit <- tobit(data.frame(x, end = st$end, res = st$res(p1), y))
  p2 <- c(coef(fit), log(fit$scale))
  total <- function(p) sum(second(p[1:5], st$end, st$res(p[6:8])))
  H <- hessian(total, c(p2, p1))
  V2 <- solve(-H[1:5, 1:5]); G <- H[1:5, 6:8]
  murphy <- V2 + V2 %*% G %*% st$V %*% t(G) %*% V2
  S2 <- jacobian(function(p) second(p, st$end, st$res(p1)), p2); S1 <- st$score(p1)
  B1 <- solve(jacobian(function(p) -colSums(st$score(p)), p1))
  psi <- (S2 + S1 %*% t(B1) %*% t(G)) %*% V2
  joint <- cbind(psi, S1 %*% t(B1))
  mean_of <- function(p) {
    eta <- function(end) drop(cbind(1, x, end, st$res(p[6:8])) %*% p[1:4]); sigma <- exp(p[5])
    m <- function(eta) { a <- -eta / sigma; b <- (40 - eta) / sigma; P <- pnorm(b) - pnorm(a)
      mean(eta * P + sigma * (dnorm(a) - dnorm(b)) + 40 * pnorm(b, lower.tail = FALSE)) }
    if (kind == "yesno") m(eta(1)) - m(eta(0)) else (m(eta(q + 1e-3)) - m(eta(q - 1e-3))) / 2e-3
  }
  g <- grad(mean_of, c(p2, p1))
  robust2 <- crossprod(S2 %*% V2)
  out$control[[kind]] <- list(
    params = as.numeric(p2[1:4]), bse = as.numeric(sqrt(diag(murphy))[1:4]),
    hc0 = as.numeric(sqrt(diag(crossprod(psi)))[1:4]),
    exogeneity = c(p2[4]^2 / V2[4, 4], p2[4]^2 / robust2[4, 4]),
    observed = c(mean_of(c(p2, p1)), sqrt(drop(t(g) %*% crossprod(joint) %*% g))))
}

# --- doubly robust -----------------------------------------------------------------------------
share <- y / 40
for (kind in c("ols", "fractional")) {
  C <- cbind(1, x, w)
  p <- coef(glm(d ~ x + w, binomial, firms, control = glm.control(1e-14, 100)))
  arm <- function(side) if (kind == "ols") coef(lm(y ~ x + w, firms, subset = side)) else
    coef(glm(share ~ x + w, quasibinomial, firms, subset = side, control = glm.control(1e-14, 100)))
  m <- function(b) if (kind == "ols") drop(C %*% b) else 40 * plogis(drop(C %*% b))
  functions <- function(t) {
    pr <- plogis(drop(C %*% t[1:3])); m1 <- m(t[4:6]); m0 <- m(t[7:9])
    cbind(C * (d - pr), C * d * (y - m1), C * (1 - d) * (y - m0),
          m1 + d * (y - m1) / pr - t[10], m0 + (1 - d) * (y - m0) / (1 - pr) - t[11],
          (d - (1 - d) * pr / (1 - pr)) * (y - m0) - d * t[12])
  }
  t <- c(p, arm(d == 1), arm(d == 0), 0, 0, 0)
  means <- colSums(functions(t))[10:12] / c(n, n, sum(d)); t[10:12] <- means
  A <- solve(-jacobian(function(t) colSums(functions(t)), t))
  V <- A %*% crossprod(functions(t)) %*% t(A)
  L <- rbind(c(rep(0, 9), 1, -1, 0), c(rep(0, 11), 1), c(rep(0, 9), 1, 0, 0), c(rep(0, 10), 1, 0))
  weight <- ifelse(d == 1, 1 / plogis(drop(C %*% p)), 1 / (1 - plogis(drop(C %*% p))))
  smd <- function(c, k) (weighted.mean(c[d == 1], k[d == 1]) - weighted.mean(c[d == 0], k[d == 0])) /
    sqrt((var(c[d == 1]) + var(c[d == 0])) / 2)
  out$robust[[kind]] <- list(params = as.numeric(L %*% t), hc0 = as.numeric(sqrt(diag(L %*% V %*% t(L)))),
                             before = c(smd(x, rep(1, n)), smd(w, rep(1, n))), after = c(smd(x, weight), smd(w, weight)))
}

show <- function(v) if (is.list(v)) {
  paste0("{", paste0('"', names(v), '": ', sapply(v, show), collapse = ", "), "}")
} else if (length(v) == 1) format(v, digits = 12) else paste0("[", paste(format(v, digits = 12), collapse = ", "), "]")
writeLines(paste0("{\n ", paste0('"', names(out), '": ', sapply(out, show), collapse = ",\n "), "\n}"), "selection.json")
