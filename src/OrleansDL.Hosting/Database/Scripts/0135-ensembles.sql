-- Deployments, by the name or id written, that an ensemble's steps call: it looks again when one of them changes.
CREATE TABLE ensemble_step (
  ensemble {text} NOT NULL,
  project {text} NOT NULL,
  deployment {text} NOT NULL,
  PRIMARY KEY (ensemble, deployment)
)
;;
CREATE INDEX ensemble_step_by_deployment ON ensemble_step (project, deployment)
