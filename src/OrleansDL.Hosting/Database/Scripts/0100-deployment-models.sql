-- A registered version is told to the deployments of its model.
CREATE INDEX deployment_route_by_model ON deployment_route (model)
