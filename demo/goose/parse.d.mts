export function parse(text: string, direction: "up" | "down"): { statements: string[]; transaction: boolean };
