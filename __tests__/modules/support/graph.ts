export * from "../../../testing/graph";
