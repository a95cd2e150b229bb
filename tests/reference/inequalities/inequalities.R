# Inequality tests in R, for test_inequalities_r.py: Rscript inequalities.R (writes firms.csv and
# inequalities.json beside itself). Debian: r-cran-quadprog r-cran-mvtnorm r-cran-sandwich r-cran-jsonlite.
suppressMessages({library(quadprog); library(mvtnorm); library(sandwich); library(jsonlite)})
RNGversion("3.6.0"); set.seed(20141120)

# --- distances and chi-bar-square weights: projections by quadratic programming, weights by
#     orthant probabilities of the normal distribution ------------------------------------------
project <- function(q, V) {
  W <- solve(V)
  x <- solve.QP(W, W %*% q, diag(length(q)), rep(0, length(q)))$solution
  drop(t(q - x) %*% W %*% (q - x))
}
weights <- function(V) {           # of chi-square with j degrees of freedom, j = 0 ... p
  p <- nrow(V); w <- numeric(p + 1)
  orthant <- function(S) if (nrow(S) == 0) 1 else if (nrow(S) == 1) 0.5 else
    pmvnorm(lower = rep(0, nrow(S)), upper = Inf, sigma = S, algorithm = TVPACK(1e-12))[1]
  for (m in 0:(2^p - 1)) {
    zero <- which(bitwAnd(m, 2^(0:(p - 1))) > 0); rest <- setdiff(seq_len(p), zero)
    A <- V[zero, zero, drop = FALSE]; D <- V[rest, rest, drop = FALSE]
    if (length(zero) && length(rest))
      D <- D - V[rest, zero, drop = FALSE] %*% solve(A) %*% V[zero, rest, drop = FALSE]
    if (length(zero)) A <- solve(A)
    w[length(zero) + 1] <- w[length(zero) + 1] + orthant(A) * orthant(D)
  }
  w
}
V2 <- matrix(c(1, 0.6, 0.6, 2), 2)
V3 <- matrix(c(1, 0.5, -0.3, 0.5, 2, 0.2, -0.3, 0.2, 1.5), 3)
cones <- lapply(list(list(q = c(-1.2, 0.8), V = V2), list(q = c(-1.5, -2.5), V = V2),
                     list(q = c(-1, 0.4, -2), V = V3), list(q = c(0.3, -1.1, 1.9), V = V3)),
  function(case) {
    d <- project(case$q, case$V); w <- weights(case$V)
    c(case, list(distance = d, weights = w,
                 p = if (d < 1e-9) 1 else sum(w[-1] * pchisq(d, seq_along(w[-1]), lower.tail = FALSE))))
  })

# --- inverted U: a line that rises and flattens, a count of partners ---------------------------
n <- 400
firms <- data.frame(x = round(rgamma(n, 2, 1), 4), z = round(rnorm(n), 4))
firms$count <- rbinom(n, 7, plogis(-1 + 0.5 * firms$z))
firms$y <- round(1 + 2 * firms$x - 0.3 * firms$x^2 + 0.5 * firms$z + (1 + 0.3 * firms$x) * rnorm(n), 4)
firms$share <- round(3 + 2.5 * firms$count - 0.45 * firms$count^2 + firms$z + 2 * rnorm(n), 4)
write.csv(firms, "firms.csv", row.names = FALSE)

lind_mehlum <- function(formula, data, x) {
  fit <- lm(formula, data); V <- vcovHC(fit, "HC1"); b <- coef(fit)
  names <- c(x, paste0("I(", x, "^2)")); b <- b[names]; V <- V[names, names]
  ends <- range(data[[x]]); df <- fit$df.residual
  slopes <- b[1] + 2 * b[2] * ends
  se <- sapply(ends, function(e) sqrt(V[1, 1] + 4 * e * V[1, 2] + 4 * e^2 * V[2, 2]))
  t <- c(slopes[1], -slopes[2]) / se
  # Fieller's interval as the roots of (b1 + 2 b2 h)^2 = z^2 var(b1 + 2 b2 h), found numerically.
  z <- qt(0.975, df); turn <- unname(-b[1] / (2 * b[2]))
  off <- function(h) (b[1] + 2 * b[2] * h)^2 - z^2 * (V[1, 1] + 4 * h * V[1, 2] + 4 * h^2 * V[2, 2])
  roots <- c(uniroot(off, c(turn - 50, turn), tol = 1e-12)$root,
             uniroot(off, c(turn, turn + 50), tol = 1e-12)$root)
  list(b = unname(b), V = unname(V), df = df, ends = ends, slopes = unname(slopes), se = unname(se),
       t = min(t), p = unname(pt(min(t), df, lower.tail = FALSE)), turn = turn, fieller = roots)
}

# --- two lines: the rule of Robin Hood, its steps written out ----------------------------------
two_lines <- function(data, y, x, control) {
  v <- data[[x]]; u <- sort(unique(v))
  knots <- unique(quantile(u, seq(0.05, 0.95, length.out = 5)))
  # The natural spline as R makes it: the same space of functions, another basis.
  basis <- splines::ns(v, knots = knots[2:(length(knots) - 1)], Boundary.knots = knots[c(1, length(knots))])
  fit <- lm(data[[y]] ~ basis + data[[control]]); k <- ncol(basis)
  at <- sweep(predict(basis, u), 2, colMeans(basis))  # the curve less its mean over the firms
  curve <- drop(at %*% coef(fit)[2:(k + 1)])
  se <- sqrt(rowSums((at %*% vcovHC(fit, "HC1")[2:(k + 1), 2:(k + 1)]) * at))
  ends <- quantile(v, c(0.1, 0.9)); inside <- u > max(ends[1], u[1]) & u < min(ends[2], u[length(u)])
  flat <- u[inside & curve + se >= max(curve[inside])]
  flat <- sort(v[v %in% flat])
  nearest <- function(share) unname(quantile(flat, share, type = 3))
  lines <- function(c) {
    one <- function(high, name) {
      d <- data.frame(y = data[[y]], low = ifelse(high, 0, v - c), up = ifelse(high, v - c, 0), high = high, z = data[[control]])
      m <- lm(y ~ low + up + high + z, d); c(coef(m)[[name]], sqrt(vcovHC(m, "HC1")[name, name]))
    }
    rbind(one(v > c, "low"), one(v >= c, "up"))
  }
  median <- flat[ceiling(length(flat) / 2)]
  z <- abs(lines(median)[, 1] / lines(median)[, 2])
  at <- flat[max(1, ceiling(length(flat) * z[2] / sum(z)))]
  found <- lines(at)
  list(median = median, breakpoint = at, slopes = found[, 1], se = found[, 2], flat = length(flat))
}
result <- list(
  cones = cones,
  parabola = lind_mehlum(y ~ x + I(x^2) + z, firms, "x"),
  count = lind_mehlum(share ~ count + I(count^2) + z, firms, "count"),
  lines = two_lines(firms, "y", "x", "z"),
  lines_count = two_lines(firms, "share", "count", "z"))
write(toJSON(result, digits = I(15), auto_unbox = TRUE, pretty = TRUE), "inequalities.json")
