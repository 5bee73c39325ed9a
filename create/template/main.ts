import { synthesizeProject } from "slipway/app";

synthesizeProject(__dirname);
