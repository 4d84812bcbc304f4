"""A shop whose pages stand on Vercel, its api on Railway, its files on R2 and its names at Cloudflare: everything that
can be declared of them, in a world in which it was applied once and a person did their part."""

from functools import cache
from pathlib import Path

from tests.railway.estate import BY_HAND, Runbooks, settled

ACCOUNT = "shop"
SECRET = f"{BY_HAND}-vercel-"
"""What a person's secrets on Vercel begin with."""
PROJECT = """\
project: library
ledger: {id: 0a1b2c3d, home: .trueup/ledger.db}
accounts:
  shop:
    cloudflare: {id: a0000000000000000000000000000001, credentials: {token: A}, tier: pro}
    railway: {id: fef65949-87cf-45fa-a2db-f9616722e802, credentials: {token: B}, tier: pro}
    vercel: {id: team_Yh3kTqVb81NcRwZs5LxJm0Dg, credentials: {token: C}, tier: pro}
    r2: {id: a0000000000000000000000000000001, credentials: {token: D}}
"""
STACK = """\
account: shop
railway:
  project: {shop: {}}
  environment: {production: {project: shop}}
  service: {api: {project: shop}}
  instance:
    api:
      service: api
      environment: production
      source: {repo: example/shop, branch: main}
      variables: {PORT: 3000, SESSION_SECRET: {exists: true}}
  domain: {api: {instance: api, host: api.shop.example}}
vercel:
  project:
    web:
      name: shop-web
      framework: nextjs
      root_directory: apps/web
      build_command: npm run build
      dev_command: npm run dev
      install_command: npm ci
      output_directory: dist
      ignore_command: git diff --quiet HEAD^ HEAD .
      node_version: 20.x
      git: {repo: example/shop, branch: main}
      auto_assign_domains: false
      system_variables: false
      directory_listing: true
      fork_protection: false
      outside_files: false
      protection: preview
      function_regions: [fra1, iad1]
    blog: {git: {repo: example/blog, branch: release, type: gitlab}, protection: none}
    docs: {}
  variables:
    web:
      API: {value: "https://api.shop.example", comment: where the api is}
      API_preview: {name: API, value: "https://next.shop.example", targets: [preview]}
      API_staging: {name: API, value: "https://staging.shop.example", targets: [preview], branch: staging}
      PORT: {value: 3000, targets: [development]}
      ON: {value: "true", type: encrypted, targets: [production, preview]}
      ENDS: {value: "$${not} ours", type: plain}
      STRIPE_KEY: {exists: true, type: sensitive}
      SESSION_SECRET: {exists: true}
    blog:
      API: "https://api.shop.example"
  domain:
    apex: {project: web, host: shop.example}
    www: {project: web, host: www.shop.example, redirect: shop.example, redirect_status: 308}
    staging: {project: web, host: staging.shop.example, branch: staging}
    blog: {project: blog, host: blog.shop.example}
    elsewhere: {project: blog, host: blog.elsewhere.example}
  check:
    tests:
      project: web
      name: all tests
      github: ci
      requires: build-ready
      blocks: deployment-promotion
      targets: [preview, production]
      timeout: 600
      rerequestable: true
    lint: {project: blog, name: lint}
  webhook:
    errors: {url: "https://hooks.example.com/errors", events: [deployment.error, deployment.canceled]}
    two: {url: "https://hooks.example.com/two", events: [deployment.error], projects: [web, blog]}
    one: {url: "https://hooks.example.com/one", events: [deployment.error], projects: [web]}
r2:
  bucket:
    files: {name: shop-files, location: weur, storage_class: InfrequentAccess}
    books: {name: shop-books, jurisdiction: eu}
    files-eu: {name: shop-files, jurisdiction: eu}
  cors:
    files:
      bucket: files
      rules:
        - {id: read, origins: ["https://shop.example"], methods: [GET, HEAD]}
        - {origins: ["*"], methods: [PUT], headers: [content-type], expose_headers: [etag], max_age: 3600}
  lifecycle:
    files:
      bucket: files
      rules:
        - {id: abort, abort_uploads_after: 86400}
        - {id: old, prefix: logs/, delete_after: 2592000, infrequent_after: 604800}
        - {id: once, enabled: false, prefix: tmp/, delete_on: 2030-01-01}
  lock:
    books:
      bucket: books
      rules: [{id: receipts, prefix: receipts/, seconds: 315360000}, {id: trial, enabled: false, until: 2030-01-01}]
  domain:
    files: {bucket: files, zone: shop.example, host: files.shop.example, min_tls: "1.2"}
    shut:
      bucket: files
      zone: shop.example
      host: old.shop.example
      enabled: false
      ciphers: [ECDHE-RSA-AES128-GCM-SHA256, AES128-GCM-SHA256]
  public-access:
    files-eu: {bucket: files-eu, enabled: true}
cloudflare:
  zone: {shop: {name: shop.example}}
  records:
    shop:
      apex: {name: "@", type: A, content: "${vercel.domain.apex.ipv4}"}
      www: {type: CNAME, content: "${vercel.domain.www.target}"}
      staging: {type: CNAME, content: www.shop.example}
      blog: {type: CNAME, content: "${vercel.domain.blog.target}"}
      api: {type: CNAME, content: "${railway.domain.api.target}"}
      api-verify: {name: _railway-verify.api, type: TXT, content: "${railway.domain.api.verify_value}"}
"""


@cache
def build(base: Path) -> Path:
    """Its folder, once a session."""
    root = base / "built-shopfront"
    (root / "stacks").mkdir(parents=True)
    (root / "stacks" / "_project.yaml").write_text(PROJECT)
    (root / "stacks" / "shop.yaml").write_text(STACK)
    shop = Runbooks(root)
    shop.apply()
    shop.by_hand()
    hand = (("STRIPE_KEY", {"type": "sensitive"}), ("SESSION_SECRET", {"type": "encrypted"}))
    for name, fields in hand:
        told = {"project": "shop-web", "value": f"{SECRET}{name}", **fields}
        shop.world.create("vercel", "variable", name, ACCOUNT, told)
    settled(shop.plan())
    shop.world.save()
    return root
