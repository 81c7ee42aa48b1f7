-- Deployments that are loaded by their requests alone: workers that come or go are no matter to them.
ALTER TABLE deployment_route ADD COLUMN standby INTEGER NOT NULL DEFAULT 0
