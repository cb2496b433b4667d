namespace Saga.Lifecycle.Intake;

/// <summary>Why a command was refused. The codes are public: they are the last part of the problem types' URIs, and are sent in <c>OperationRejected</c>.</summary>
public static class RejectionCodes
{
    /// <summary>Fields break rules; all of them are listed.</summary>
    public const string Validation = "validation";

    /// <summary>The message's body is not one JSON object, or has a member twice. Over HTTP such a body is no command.</summary>
    public const string MalformedJson = "malformed-json";

    /// <summary>The message's body is too large.</summary>
    public const string BodyTooLarge = "body-too-large";

    /// <summary>The caller's roles do not allow what the command would do.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>A second person must approve the command, and nobody has.</summary>
    public const string ApprovalNeeded = "approval-needed";

    /// <summary>The idempotency key was used for another command.</summary>
    public const string IdempotencyKeyReused = "idempotency-key-reused";

    /// <summary>A message has no id, so a second delivery could not be told from a second command.</summary>
    public const string MessageIdMissing = "message-id-missing";

    /// <summary>An unfinished operation holds a scope that the command needs: its tenant, its server, or the fleet.</summary>
    public const string OperationActive = "operation-active";

    /// <summary>There is no such operation.</summary>
    public const string OperationNotFound = "operation-not-found";

    /// <summary>The operation has ended, has reached its pivot, or is being undone already, so it cannot be cancelled.</summary>
    public const string OperationNotCancellable = "operation-not-cancellable";

    /// <summary>The operation is not stalled, or its state does not allow what is ordered.</summary>
    public const string OperationNotReplayable = "operation-not-replayable";

    /// <summary>The operation has changed since the version or the plan that the order is based on.</summary>
    public const string OperationMoved = "operation-moved";

    /// <summary>A scheduled command could not run until it expired.</summary>
    public const string ScheduleExpired = "schedule-expired";

    /// <summary>There is no such batch.</summary>
    public const string BatchNotFound = "batch-not-found";

    /// <summary>The batch has been run or has ended, so that it does not allow the order.</summary>
    public const string BatchState = "batch-state";

    /// <summary>The command removes something, and must confirm what speaks against it.</summary>
    public const string ConfirmationNeeded = "confirmation-needed";

    /// <summary>Nothing was quarantined under this id.</summary>
    public const string QuarantineNotFound = "quarantine-not-found";

    /// <summary>What was quarantined is released or removed, or about to be.</summary>
    public const string QuarantineState = "quarantine-state";

    /// <summary>The parent operation has ended or does not exist.</summary>
    public const string ParentEnded = "parent-ended";

    /// <summary>There is no such tenant.</summary>
    public const string TenantNotFound = "tenant-not-found";

    /// <summary>The tenant has no such domain.</summary>
    public const string DomainNotFound = "domain-not-found";

    /// <summary>The database or schema that a command would adopt is in use.</summary>
    public const string PlaceInUse = "place-in-use";

    /// <summary>There is no such backup.</summary>
    public const string BackupNotFound = "backup-not-found";

    /// <summary>The backup is not complete, or what was restored from it is gone.</summary>
    public const string BackupState = "backup-state";

    /// <summary>The tenant is in a state that does not allow the command.</summary>
    public const string TenantState = "tenant-state";

    /// <summary>The command must say which version of the tenant it is based on.</summary>
    public const string VersionRequired = "version-required";

    /// <summary>The tenant has changed since the version that the command is based on.</summary>
    public const string VersionStale = "version-stale";

    /// <summary>The tenant is suspended with the same code already.</summary>
    public const string AlreadySuspended = "already-suspended";

    /// <summary>The tenant is not suspended with any of the codes.</summary>
    public const string NotSuspended = "not-suspended";

    /// <summary>The tenant is being deprovisioned already.</summary>
    public const string AlreadyDeprovisioning = "already-deprovisioning";

    /// <summary>The tenant is not being deprovisioned.</summary>
    public const string NotDeprovisioning = "not-deprovisioning";

    /// <summary>The removal of the tenant has begun and only goes forward.</summary>
    public const string DeprovisioningFinal = "deprovisioning-final";

    /// <summary>No running process hosts a step of the workflow: workers are missing, or older than the intake. The command may be sent again.</summary>
    public const string StepNotHosted = "step-not-hosted";

    /// <summary>No running orchestrator has the engine level that the workflow needs, because all are older than the intake. The command may be sent again.</summary>
    public const string EngineTooOld = "engine-too-old";

    /// <summary>The registry's list of custom steps does not fit the workflow of this version.</summary>
    public const string CustomStepsInvalid = "custom-steps-invalid";

    public const string SlugTaken = "slug-taken";

    public const string DomainTaken = "domain-taken";

    public const string SubdomainTaken = "subdomain-taken";

    /// <summary>The identity provider could not give the name to the tenant's organisation, because other tenants have what it would be called.</summary>
    public const string NameTaken = "name-taken";

    /// <summary>No database server accepts tenants where the tenant's data must live.</summary>
    public const string NoServer = "no-server";

    /// <summary>The tenant has, or would get, a read replica, and the database server has none.</summary>
    public const string NoReplica = "no-replica";

    /// <summary>The plan allows less than the tenant has.</summary>
    public const string PlanTooSmall = "plan-too-small";

    /// <summary>Another version of the plan is current than the one that the command names.</summary>
    public const string PlanChanged = "plan-changed";

    /// <summary>The command asks for something that this version cannot do.</summary>
    public const string NotSupported = "not-supported";

    /// <summary>The database servers have no room for the tenant in addition to those that were accepted before.</summary>
    public const string ServerFull = "server-full";
}
