import type { Fields } from "../../sandbox/wire/value";

/** Small configurations that are right; tests make one thing of them wrong. */
export const TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}';
export const container = (more: object = {}) =>
  JSON.stringify([{ name: "web", image: "app:1", memory: 128, ...more }]);
export const rule = (more: Fields) => ({
  security_group_id: "sg-1",
  ip_protocol: "tcp",
  from_port: 80,
  to_port: 80,
  ...more,
});
export const parameter = (more: Fields) => ({ name: "/app/x", type: "String", value: "v", ...more });
export const database = (more: Fields) => ({
  engine: "postgres",
  instance_class: "db.t4g.micro",
  allocated_storage: 20,
  ...more,
});
export const behaviour = (more: Fields = {}) => ({
  target_origin_id: "lb",
  cache_policy_id: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
  viewer_protocol_policy: "redirect-to-https",
  allowed_methods: ["GET", "HEAD"],
  cached_methods: ["GET", "HEAD"],
  ...more,
});
export const distribution = (more: Fields) => ({
  enabled: true,
  origin: [{ origin_id: "lb", domain_name: "x.example.com" }],
  default_cache_behavior: [behaviour()],
  restrictions: [{ geo_restriction: [{ restriction_type: "none" }] }],
  viewer_certificate: [{ cloudfront_default_certificate: true }],
  ...more,
});
