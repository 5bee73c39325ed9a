/** Plain text as Terraform takes it: `${` and `%{` begin no expression. Source: "Escape sequences", Terraform language. */
export const literal = (text: string): string => text.replaceAll(/(\$|%)(?=\{)/g, "$1$1");
