#include "kube/kubeconfig.h"

#include <map>

#include <doctest/doctest.h>

#include "base/base64.h"

namespace heirloom::kube {
namespace {

constexpr const char* kPlain = R"(
apiVersion: v1
kind: Config
current-context: one
clusters:
- name: kind
  cluster: {server: "https://127.0.0.1:6443/", certificate-authority-data: Q0E=}
users:
- name: admin
  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}
- name: bot
  user: {token: " secret\n"}
contexts:
- name: one
  context: {cluster: kind, user: admin, namespace: team-a}
- name: two
  context: {cluster: kind, user: bot}
)";

// A file system and an environment as values.
struct World {
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> env;
  KubeconfigSources sources() const {
    KubeconfigSources s;
    s.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto at = env.find(name);
      if (at == env.end()) return std::nullopt;
      return at->second;
    };
    s.read_file = [this](const std::string& path) -> Result<std::string> {
      const auto at = files.find(path);
      if (at == files.end()) return Status(404, reasons::kNotFound, "cannot open file " + path);
      return at->second;
    };
    return s;
  }
  Result<ClientConfig> load(std::string path = "", std::string context = "") const {
    KubeconfigOptions options;
    options.path = std::move(path);
    options.context = std::move(context);
    return load_client_config(options, sources());
  }
};

TEST_CASE("an explicit file, its current context, inline certificates") {
  World w{{{"/k", kPlain}}, {{"KUBECONFIG", "/other"}, {"HOME", "/home/me"}}};
  const Result<ClientConfig> c = w.load("/k");
  REQUIRE(c.ok());
  CHECK(c->server == "https://127.0.0.1:6443");
  CHECK(c->ca_pem == "CA");
  CHECK(c->client_cert_pem == "CERT");
  CHECK(c->client_key_pem == "KEY");
  CHECK(c->ns == "team-a");
  CHECK(c->description == "context \"one\" of /k");
  const Result<ClientConfig> two = w.load("/k", "two");
  REQUIRE(two.ok());
  CHECK(two->token == "secret");
  CHECK(two->ns == "default");
  CHECK(is_not_found(w.load("/missing").status()));
}

TEST_CASE("KUBECONFIG is a list; the first file to say something wins; missing files are skipped") {
  World w{{{"/a", R"(
current-context: mine
contexts: [{name: mine, context: {cluster: kind, user: bot}}]
clusters: [{name: kind, cluster: {server: "https://a"}}]
)"},
           {"/b", kPlain}},
          {{"KUBECONFIG", "/missing:/a::/b"}}};
  const Result<ClientConfig> c = w.load();
  REQUIRE(c.ok());
  CHECK(c->server == "https://a");  // of /a
  CHECK(c->token == "secret");      // of /b
  CHECK(c->ca_pem.empty());         // not mixed in from /b's cluster of that name
  CHECK(w.load("", "one").ok());
}

TEST_CASE("without KUBECONFIG it is ~/.kube/config") {
  World w{{{"/home/me/.kube/config", kPlain}}, {{"HOME", "/home/me"}}};
  CHECK(w.load().ok());
}

TEST_CASE("in a Pod it is the service account") {
  const std::string dir = "/var/run/secrets/kubernetes.io/serviceaccount/";
  World w{{{dir + "token", "t"}, {dir + "ca.crt", "CA"}, {dir + "namespace", "system\n"}},
          {{"KUBERNETES_SERVICE_HOST", "fd00::1"}, {"KUBERNETES_SERVICE_PORT", "443"}}};
  const Result<ClientConfig> c = w.load();
  REQUIRE(c.ok());
  CHECK(c->server == "https://[fd00::1]:443");
  CHECK(c->token_file == dir + "token");
  CHECK(c->ca_pem == "CA");
  CHECK(c->ns == "system");
  w.files.erase(dir + "token");
  CHECK(w.load().status().message().find("automountServiceAccountToken") != std::string::npos);
}

TEST_CASE("files are relative to the kubeconfig that names them, data wins over files") {
  World w{{{"/etc/k/config", R"(
current-context: c
clusters: [{name: c, cluster: {server: "https://x", certificate-authority: pki/ca.pem}}]
users: [{name: u, user: {client-certificate: /abs.pem, client-key: key.pem, client-key-data: REFUQQ==, tokenFile: token}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
)"},
           {"/etc/k/pki/ca.pem", "CA FILE"},
           {"/abs.pem", "CERT FILE"},
           {"/etc/k/token", "t"}},
          {}};
  const Result<ClientConfig> c = w.load("/etc/k/config");
  REQUIRE(c.ok());
  CHECK(c->ca_pem == "CA FILE");
  CHECK(c->client_cert_pem == "CERT FILE");
  CHECK(c->client_key_pem == "DATA");
  CHECK(c->token_file == "/etc/k/token");
}

TEST_CASE("errors name file, field and what to do") {
  const std::string head = "current-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n";
  const std::string cluster = "clusters: [{name: c, cluster: {server: \"https://x\"}}]\n";
  struct Row {
    const char* because;
    std::string text;
    const char* message;
  };
  const Row rows[] = {
      {"no current context", "contexts: [{name: a}, {name: b}]", "choose one with --context: a, b"},
      {"a context that is not there", "current-context: z\ncontexts: [{name: a}]",
       "there is no context \"z\"; there are: a"},
      {"a cluster that is not there", head, "contexts[name=c].context.cluster: there is no cluster \"c\""},
      {"a user that is not there", head + cluster, "contexts[name=c].context.user: there is no user \"u\""},
      {"a server without scheme", head + "clusters: [{name: c, cluster: {server: localhost}}]",
       "clusters[name=c].cluster.server: must begin with https://"},
      {"a server that is a number", head + "clusters: [{name: c, cluster: {server: 1}}]",
       "clusters[name=c].cluster.server: must be a string, is integer"},
      {"a proxy", head + "clusters: [{name: c, cluster: {server: 'https://x', proxy-url: 'http://p'}}]",
       "clusters[name=c].cluster.proxy-url: proxies are not supported"},
      {"skip verify with a CA",
       head + "clusters: [{name: c, cluster: {server: 'https://x', insecure-skip-tls-verify: true, "
              "certificate-authority-data: Q0E=}}]",
       "cannot be true together with certificate-authority"},
      {"a plugin", head + cluster + "users: [{name: u, user: {exec: {command: aws}}}]",
       "users[name=u].user.exec: credential plugins are not supported yet"},
      {"an auth provider", head + cluster + "users: [{name: u, user: {auth-provider: {name: gcp}}}]",
       "users[name=u].user.auth-provider"},
      {"a certificate without key",
       head + cluster + "users: [{name: u, user: {client-certificate-data: Q0E=}}]",
       "users[name=u].user.client-key: client-certificate and client-key must be given together"},
      {"bad base64", head + cluster + "users: [{name: u, user: {client-certificate-data: '%'}}]",
       "users[name=u].user.client-certificate-data"},
      {"a file that is missing", head + cluster + "users: [{name: u, user: {tokenFile: gone}}]",
       "users[name=u].user.tokenFile: cannot open file /gone"},
      {"groups without user", head + cluster + "users: [{name: u, user: {as-groups: [g]}}]", "needs `as`"},
      {"no object", "[]", "must be an object"},
      {"no YAML", "a: [", "kubeconfig /k"},
      {"two documents", "a: 1\n---\nb: 1\n", "must be one document"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.because);
    World w{{{"/k", row.text}}, {}};
    const Result<ClientConfig> c = w.load("/k");
    REQUIRE(!c.ok());
    CAPTURE(c.status().message());
    CHECK(c.status().message().find(row.message) != std::string::npos);
    CHECK(c.status().message().find("/k") != std::string::npos);
  }
}

TEST_CASE("no configuration at all says what to do") {
  World w;
  const Result<ClientConfig> none = w.load();
  CHECK(is_not_found(none.status()));
  CHECK(none.status().message().find("--kubeconfig") != std::string::npos);
}

TEST_CASE("what is written is read back") {
  ClientConfig config;
  config.server = "https://127.0.0.1:8443";
  config.ca_pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  config.client_cert_pem = "cert";
  config.client_key_pem = "key";
  config.token = "t";
  config.ns = "x";
  World w{{{"/k", write_kubeconfig(config, "local")}}, {}};
  Result<ClientConfig> back = w.load("/k");
  REQUIRE(back.ok());
  CHECK(back->server == config.server);
  CHECK(back->ca_pem == config.ca_pem);
  CHECK(back->client_cert_pem == "cert");
  CHECK(back->client_key_pem == "key");
  CHECK(back->token == "t");
  CHECK(back->ns == "x");
}

}  // namespace
}  // namespace heirloom::kube
