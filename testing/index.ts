/** The package `slipway/testing`: what the tests of a project need. */
export { type Element, Graph, type Json, type Leaf } from "./graph";
export { synthesizeStacks } from "./synthesize-stacks";
