-- What the Orleans ADO.NET providers ask for: membership and grain storage. The providers run the texts kept in OrleansQuery.
CREATE TABLE OrleansQuery (
  QueryKey VARCHAR(64) NOT NULL PRIMARY KEY,
  QueryText VARCHAR(8000) NOT NULL
)
;;
CREATE TABLE OrleansMembershipVersionTable (
  DeploymentId VARCHAR(150) NOT NULL PRIMARY KEY,
  Timestamp TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  Version INTEGER NOT NULL DEFAULT 0
)
;;
CREATE TABLE OrleansMembershipTable (
  DeploymentId VARCHAR(150) NOT NULL,
  Address VARCHAR(45) NOT NULL,
  Port INTEGER NOT NULL,
  Generation INTEGER NOT NULL,
  SiloName VARCHAR(150) NOT NULL,
  HostName VARCHAR(150) NOT NULL,
  Status INTEGER NOT NULL,
  ProxyPort INTEGER NULL,
  SuspectTimes VARCHAR(8000) NULL,
  StartTime TIMESTAMP NOT NULL,
  IAmAliveTime TIMESTAMP NOT NULL,
  PRIMARY KEY (DeploymentId, Address, Port, Generation)
)
;;
-- A missing key extension is stored as '', so that the primary key holds: two first writes cannot race into two rows.
CREATE TABLE OrleansStorage (
  ServiceId VARCHAR(150) NOT NULL,
  GrainTypeHash INTEGER NOT NULL,
  GrainIdHash INTEGER NOT NULL,
  GrainIdN0 BIGINT NOT NULL,
  GrainIdN1 BIGINT NOT NULL,
  GrainTypeString VARCHAR(512) NOT NULL,
  GrainIdExtensionString VARCHAR(512) NOT NULL,
  PayloadBinary {bytes} NULL,
  ModifiedOn TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  Version INTEGER NOT NULL,
  PRIMARY KEY (GrainIdHash, GrainTypeHash, GrainIdN0, GrainIdN1, GrainTypeString, GrainIdExtensionString, ServiceId)
)
;;
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('GatewaysQueryKey', '
SELECT Address, ProxyPort, Generation FROM OrleansMembershipTable
WHERE DeploymentId = @DeploymentId AND Status = @Status AND ProxyPort > 0')
;;
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('MembershipReadRowKey', '
SELECT v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime, m.IAmAliveTime, v.Version
FROM OrleansMembershipVersionTable v LEFT OUTER JOIN OrleansMembershipTable m
  ON v.DeploymentId = m.DeploymentId AND m.Address = @Address AND m.Port = @Port AND m.Generation = @Generation
WHERE v.DeploymentId = @DeploymentId')
;;
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('MembershipReadAllKey', '
SELECT v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime, m.IAmAliveTime, v.Version
FROM OrleansMembershipVersionTable v LEFT OUTER JOIN OrleansMembershipTable m ON v.DeploymentId = m.DeploymentId
WHERE v.DeploymentId = @DeploymentId')
;;
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('InsertMembershipVersionKey', '
INSERT INTO OrleansMembershipVersionTable (DeploymentId) VALUES (@DeploymentId)
ON CONFLICT (DeploymentId) DO UPDATE SET DeploymentId = excluded.DeploymentId RETURNING 1')
;;
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('UpdateIAmAlivetimeKey', '
UPDATE OrleansMembershipTable SET IAmAliveTime = @IAmAliveTime
WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation')
;;
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('DeleteMembershipTableEntriesKey', '
DELETE FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId;
DELETE FROM OrleansMembershipVersionTable WHERE DeploymentId = @DeploymentId')
;;
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('CleanupDefunctSiloEntriesKey', '
DELETE FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId AND IAmAliveTime < @IAmAliveTime AND Status <> 3')
;;
--:sqlite
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('InsertMembershipKey', '
UPDATE OrleansMembershipVersionTable SET Timestamp = CURRENT_TIMESTAMP, Version = Version + 1
WHERE DeploymentId = @DeploymentId AND Version = @Version AND NOT EXISTS (
  SELECT 1 FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation);
INSERT INTO OrleansMembershipTable (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
SELECT @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime WHERE changes() > 0;
SELECT changes()')
;;
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('UpdateMembershipKey', '
UPDATE OrleansMembershipVersionTable SET Timestamp = CURRENT_TIMESTAMP, Version = Version + 1
WHERE DeploymentId = @DeploymentId AND Version = @Version;
UPDATE OrleansMembershipTable SET Status = @Status, SuspectTimes = @SuspectTimes, IAmAliveTime = @IAmAliveTime
WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation AND changes() > 0;
SELECT changes()')
;;
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('WriteToStorageKey', '
INSERT INTO OrleansStorage (ServiceId, GrainTypeHash, GrainIdHash, GrainIdN0, GrainIdN1, GrainTypeString, GrainIdExtensionString, PayloadBinary, Version)
SELECT @ServiceId, @GrainTypeHash, @GrainIdHash, @GrainIdN0, @GrainIdN1, @GrainTypeString, COALESCE(@GrainIdExtensionString, ''''), @PayloadBinary, 1
WHERE @GrainStateVersion IS NULL OR EXISTS (
  SELECT 1 FROM OrleansStorage WHERE ServiceId = @ServiceId AND GrainTypeHash = @GrainTypeHash AND GrainIdHash = @GrainIdHash AND GrainIdN0 = @GrainIdN0
    AND GrainIdN1 = @GrainIdN1 AND GrainTypeString = @GrainTypeString AND GrainIdExtensionString = COALESCE(@GrainIdExtensionString, ''''))
ON CONFLICT (GrainIdHash, GrainTypeHash, GrainIdN0, GrainIdN1, GrainTypeString, GrainIdExtensionString, ServiceId)
DO UPDATE SET PayloadBinary = excluded.PayloadBinary, ModifiedOn = CURRENT_TIMESTAMP, Version = OrleansStorage.Version + 1
WHERE OrleansStorage.Version = @GrainStateVersion;
SELECT CASE WHEN changes() > 0 THEN COALESCE(@GrainStateVersion, 0) + 1 ELSE @GrainStateVersion END AS NewGrainStateVersion')
;;
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('ClearStorageKey', '
UPDATE OrleansStorage SET PayloadBinary = NULL, ModifiedOn = CURRENT_TIMESTAMP, Version = Version + 1
WHERE ServiceId = @ServiceId AND GrainTypeHash = @GrainTypeHash AND GrainIdHash = @GrainIdHash AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
  AND GrainTypeString = @GrainTypeString AND GrainIdExtensionString = COALESCE(@GrainIdExtensionString, '''') AND Version = @GrainStateVersion;
SELECT CASE WHEN changes() > 0 THEN @GrainStateVersion + 1 ELSE @GrainStateVersion END AS NewGrainStateVersion')
;;
--:postgres
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('InsertMembershipKey', '
WITH bumped AS (
  UPDATE OrleansMembershipVersionTable SET Timestamp = CURRENT_TIMESTAMP, Version = Version + 1
  WHERE DeploymentId = @DeploymentId AND Version = @Version AND NOT EXISTS (
    SELECT 1 FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation)
  RETURNING 1),
inserted AS (
INSERT INTO OrleansMembershipTable (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
SELECT @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM bumped
RETURNING 1)
SELECT COUNT(*) FROM inserted')
;;
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('UpdateMembershipKey', '
WITH bumped AS (
  UPDATE OrleansMembershipVersionTable SET Timestamp = CURRENT_TIMESTAMP, Version = Version + 1
  WHERE DeploymentId = @DeploymentId AND Version = @Version RETURNING 1),
updated AS (
UPDATE OrleansMembershipTable SET Status = @Status, SuspectTimes = @SuspectTimes, IAmAliveTime = @IAmAliveTime FROM bumped
WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation
RETURNING 1)
SELECT COUNT(*) FROM updated')
;;
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('WriteToStorageKey', '
WITH written AS (
  INSERT INTO OrleansStorage (ServiceId, GrainTypeHash, GrainIdHash, GrainIdN0, GrainIdN1, GrainTypeString, GrainIdExtensionString, PayloadBinary, Version)
  SELECT @ServiceId, @GrainTypeHash, @GrainIdHash, @GrainIdN0, @GrainIdN1, @GrainTypeString, COALESCE(@GrainIdExtensionString, ''''), @PayloadBinary, 1
  WHERE CAST(@GrainStateVersion AS INTEGER) IS NULL OR EXISTS (
    SELECT 1 FROM OrleansStorage WHERE ServiceId = @ServiceId AND GrainTypeHash = @GrainTypeHash AND GrainIdHash = @GrainIdHash AND GrainIdN0 = @GrainIdN0
      AND GrainIdN1 = @GrainIdN1 AND GrainTypeString = @GrainTypeString AND GrainIdExtensionString = COALESCE(@GrainIdExtensionString, ''''))
  ON CONFLICT (GrainIdHash, GrainTypeHash, GrainIdN0, GrainIdN1, GrainTypeString, GrainIdExtensionString, ServiceId)
  DO UPDATE SET PayloadBinary = excluded.PayloadBinary, ModifiedOn = CURRENT_TIMESTAMP, Version = OrleansStorage.Version + 1
  WHERE OrleansStorage.Version = CAST(@GrainStateVersion AS INTEGER)
  RETURNING Version)
SELECT COALESCE((SELECT Version FROM written), CAST(@GrainStateVersion AS INTEGER)) AS NewGrainStateVersion')
;;
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('ClearStorageKey', '
WITH cleared AS (
  UPDATE OrleansStorage SET PayloadBinary = NULL, ModifiedOn = CURRENT_TIMESTAMP, Version = Version + 1
  WHERE ServiceId = @ServiceId AND GrainTypeHash = @GrainTypeHash AND GrainIdHash = @GrainIdHash AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
    AND GrainTypeString = @GrainTypeString AND GrainIdExtensionString = COALESCE(@GrainIdExtensionString, '''') AND Version = CAST(@GrainStateVersion AS INTEGER)
  RETURNING Version)
SELECT COALESCE((SELECT Version FROM cleared), CAST(@GrainStateVersion AS INTEGER)) AS NewGrainStateVersion')
;;
--:all
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('ReadFromStorageKey', '
SELECT PayloadBinary, Version FROM OrleansStorage
WHERE ServiceId = @ServiceId AND GrainTypeHash = @GrainTypeHash AND GrainIdHash = @GrainIdHash AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
  AND GrainTypeString = @GrainTypeString AND GrainIdExtensionString = COALESCE(@GrainIdExtensionString, '''')')
;;
INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('DeleteStorageKey', '
DELETE FROM OrleansStorage
WHERE ServiceId = @ServiceId AND GrainTypeHash = @GrainTypeHash AND GrainIdHash = @GrainIdHash AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
  AND GrainTypeString = @GrainTypeString AND GrainIdExtensionString = COALESCE(@GrainIdExtensionString, '''') AND Version = @GrainStateVersion
RETURNING Version + 1 AS NewGrainStateVersion')
;;
