/** CloudFront takes certificates and web ACLs of this region only, wherever the environment is. */
export const CLOUDFRONT_REGION = "us-east-1";
