using Microsoft.AspNetCore.Http;
using Saga.Lifecycle.Intake;

namespace Saga.Api.Problems;

/// <summary>A kind of problem. Code, status and title are public and stable; <c>docs/api.md</c> lists them.</summary>
/// <param name="Code">The last part of the type's URI.</param>
public sealed record ProblemType(string Code, int Status, string Title)
{
    public const string UriPrefix = "urn:saga:problem:";

    public static readonly ProblemType MalformedJson = new(RejectionCodes.MalformedJson, StatusCodes.Status400BadRequest, "The body is not well-formed JSON");
    public static readonly ProblemType BadRequest = new("bad-request", StatusCodes.Status400BadRequest, "The request could not be read");
    public static readonly ProblemType InvalidParameter = new("invalid-parameter", StatusCodes.Status400BadRequest, "A query parameter or header breaks a rule");
    public static readonly ProblemType Unauthenticated = new("unauthenticated", StatusCodes.Status401Unauthorized, "A valid bearer token is needed");
    public static readonly ProblemType Forbidden = new(RejectionCodes.Forbidden, StatusCodes.Status403Forbidden, "The token's roles do not allow this");
    public static readonly ProblemType ApprovalNeeded = new(RejectionCodes.ApprovalNeeded, StatusCodes.Status403Forbidden, "A second person must approve the command first");
    public static readonly ProblemType NotFound = new("not-found", StatusCodes.Status404NotFound, "Nothing exists at this address");
    public static readonly ProblemType TenantNotFound = new(RejectionCodes.TenantNotFound, StatusCodes.Status404NotFound, "There is no such tenant");
    public static readonly ProblemType OperationNotFound = new(RejectionCodes.OperationNotFound, StatusCodes.Status404NotFound, "There is no such operation");
    public static readonly ProblemType BackupNotFound = new(RejectionCodes.BackupNotFound, StatusCodes.Status404NotFound, "There is no such backup");
    public static readonly ProblemType BatchNotFound = new(RejectionCodes.BatchNotFound, StatusCodes.Status404NotFound, "There is no such batch");
    public static readonly ProblemType ConfirmationNeeded = new(RejectionCodes.ConfirmationNeeded, StatusCodes.Status409Conflict, "The removal must be confirmed");
    public static readonly ProblemType QuarantineNotFound = new(RejectionCodes.QuarantineNotFound, StatusCodes.Status404NotFound, "There is nothing like this in quarantine");
    public static readonly ProblemType QuarantineState = new(RejectionCodes.QuarantineState, StatusCodes.Status409Conflict, "The state of the quarantine does not allow this");
    public static readonly ProblemType BatchState = new(RejectionCodes.BatchState, StatusCodes.Status409Conflict, "The batch's state does not allow this");
    public static readonly ProblemType ExportNotFound = new("export-not-found", StatusCodes.Status404NotFound, "There is no such export");
    public static readonly ProblemType ExportState = new("export-state", StatusCodes.Status409Conflict, "The export has no file to download");
    public static readonly ProblemType ExportLinkInvalid = new("export-link-invalid", StatusCodes.Status403Forbidden, "The link is not valid or has expired");
    public static readonly ProblemType ExportLinksUnavailable = new("export-links-unavailable", StatusCodes.Status503ServiceUnavailable, "This Api cannot give links to exports");
    public static readonly ProblemType DeadLetterNotFound = new("dead-letter-not-found", StatusCodes.Status404NotFound, "There is no such dead letter");
    public static readonly ProblemType ScheduledNotFound = new("scheduled-not-found", StatusCodes.Status404NotFound, "There is no such scheduled command");
    public static readonly ProblemType DomainNotFound = new(RejectionCodes.DomainNotFound, StatusCodes.Status404NotFound, "The tenant has no such domain");
    public static readonly ProblemType CustomStepsNotFound = new("custom-steps-not-found", StatusCodes.Status404NotFound, "There is no such version of the custom steps");
    public static readonly ProblemType PlanNotFound = new("plan-not-found", StatusCodes.Status404NotFound, "There is no such plan");
    public static readonly ProblemType ConfigKeyNotFound = new("config-key-not-found", StatusCodes.Status404NotFound, "The tenant's plan has no such key");
    public static readonly ProblemType MethodNotAllowed = new("method-not-allowed", StatusCodes.Status405MethodNotAllowed, "This address does not support the method");
    public static readonly ProblemType SlugTaken = new(RejectionCodes.SlugTaken, StatusCodes.Status409Conflict, "The slug is taken");
    public static readonly ProblemType DomainTaken = new(RejectionCodes.DomainTaken, StatusCodes.Status409Conflict, "The domain is taken");
    public static readonly ProblemType DomainNotProved = new("domain-not-proved", StatusCodes.Status409Conflict, "The control of the domain is not proved");
    public static readonly ProblemType SubdomainTaken = new(RejectionCodes.SubdomainTaken, StatusCodes.Status409Conflict, "The subdomain is taken");
    public static readonly ProblemType NameTaken = new(RejectionCodes.NameTaken, StatusCodes.Status409Conflict, "The name is that of another tenant's organisation");
    public static readonly ProblemType NoServer = new(RejectionCodes.NoServer, StatusCodes.Status409Conflict, "No database server accepts tenants there");
    public static readonly ProblemType NoReplica = new(RejectionCodes.NoReplica, StatusCodes.Status409Conflict, "The database server has no read replica");
    public static readonly ProblemType ServerFull = new(RejectionCodes.ServerFull, StatusCodes.Status409Conflict, "The database servers are full");
    public static readonly ProblemType PlaceInUse = new(RejectionCodes.PlaceInUse, StatusCodes.Status409Conflict, "The database or schema is in use");
    public static readonly ProblemType PlanTooSmall = new(RejectionCodes.PlanTooSmall, StatusCodes.Status409Conflict, "The plan allows less than the tenant has");
    public static readonly ProblemType PlanChanged = new(RejectionCodes.PlanChanged, StatusCodes.Status409Conflict, "Another version of the plan is current");
    public static readonly ProblemType OperationActive = new(RejectionCodes.OperationActive, StatusCodes.Status409Conflict, "A running operation is in the way");
    public static readonly ProblemType OperationNotCancellable = new(RejectionCodes.OperationNotCancellable, StatusCodes.Status409Conflict, "The operation cannot be cancelled any more");
    public static readonly ProblemType OperationNotReplayable = new(RejectionCodes.OperationNotReplayable, StatusCodes.Status409Conflict, "The operation's state does not allow this replay");
    public static readonly ProblemType OperationMoved = new(RejectionCodes.OperationMoved, StatusCodes.Status409Conflict, "The operation has changed meanwhile");
    public static readonly ProblemType NotesFull = new("notes-full", StatusCodes.Status409Conflict, "The operation takes no more notes");
    public static readonly ProblemType ParentEnded = new(RejectionCodes.ParentEnded, StatusCodes.Status409Conflict, "The parent operation has ended");
    public static readonly ProblemType TenantState = new(RejectionCodes.TenantState, StatusCodes.Status409Conflict, "The tenant's state does not allow this");
    public static readonly ProblemType BackupState = new(RejectionCodes.BackupState, StatusCodes.Status409Conflict, "The backup's state does not allow this");
    public static readonly ProblemType NothingWaits = new("nothing-waits", StatusCodes.Status409Conflict, "Nothing waits for this answer");
    public static readonly ProblemType AlreadySuspended = new(RejectionCodes.AlreadySuspended, StatusCodes.Status409Conflict, "The tenant is suspended with this code already");
    public static readonly ProblemType NotSuspended = new(RejectionCodes.NotSuspended, StatusCodes.Status409Conflict, "The tenant is not suspended with these codes");
    public static readonly ProblemType AlreadyDeprovisioning = new(RejectionCodes.AlreadyDeprovisioning, StatusCodes.Status409Conflict, "The tenant is being deprovisioned already");
    public static readonly ProblemType NotDeprovisioning = new(RejectionCodes.NotDeprovisioning, StatusCodes.Status409Conflict, "The tenant is not being deprovisioned");
    public static readonly ProblemType DeprovisioningFinal = new(RejectionCodes.DeprovisioningFinal, StatusCodes.Status409Conflict, "The tenant's removal has begun");
    public static readonly ProblemType CertificateNotFound = new("certificate-not-found", StatusCodes.Status404NotFound, "There is no deletion certificate");
    public static readonly ProblemType ScheduledState = new("scheduled-state", StatusCodes.Status409Conflict, "The scheduled command's state does not allow this");
    public static readonly ProblemType ScheduleExpired = new(RejectionCodes.ScheduleExpired, StatusCodes.Status409Conflict, "The scheduled command could not run in time");
    public static readonly ProblemType CustomStepsChanged = new("custom-steps-changed", StatusCodes.Status409Conflict, "The custom steps changed meanwhile");
    public static readonly ProblemType CustomStepsInvalid = new(RejectionCodes.CustomStepsInvalid, StatusCodes.Status409Conflict, "The custom steps do not fit the workflow");
    public static readonly ProblemType DeadLetterReturned = new("dead-letter-returned", StatusCodes.Status409Conflict, "The message is back in its queue");
    public static readonly ProblemType DeadLetterNotReturnable = new("dead-letter-not-returnable", StatusCodes.Status409Conflict, "The message cannot be returned to its queue");
    public static readonly ProblemType VersionStale = new(RejectionCodes.VersionStale, StatusCodes.Status412PreconditionFailed, "The tenant has changed");
    public static readonly ProblemType BodyTooLarge = new(RejectionCodes.BodyTooLarge, StatusCodes.Status413PayloadTooLarge, "The body is too large");
    public static readonly ProblemType UnsupportedMediaType = new("unsupported-media-type", StatusCodes.Status415UnsupportedMediaType, "The body must be application/json");
    public static readonly ProblemType Validation = new(RejectionCodes.Validation, StatusCodes.Status422UnprocessableEntity, "The command breaks rules");
    public static readonly ProblemType IdempotencyKeyReused = new(RejectionCodes.IdempotencyKeyReused, StatusCodes.Status422UnprocessableEntity, "The idempotency key was used for another command");
    public static readonly ProblemType NotSupported = new(RejectionCodes.NotSupported, StatusCodes.Status422UnprocessableEntity, "This version cannot do what the command asks for");
    public static readonly ProblemType VersionRequired = new(RejectionCodes.VersionRequired, StatusCodes.Status428PreconditionRequired, "The version of the tenant is needed");
    public static readonly ProblemType TooManyRequests = new("too-many-requests", StatusCodes.Status429TooManyRequests, "The caller asks for too much at once");
    public static readonly ProblemType Internal = new("internal", StatusCodes.Status500InternalServerError, "An internal error occurred");
    public static readonly ProblemType RegistryUnavailable = new("registry-unavailable", StatusCodes.Status503ServiceUnavailable, "The control-plane database is unavailable");
    public static readonly ProblemType StepNotHosted = new(RejectionCodes.StepNotHosted, StatusCodes.Status503ServiceUnavailable, "No running process knows a step of the workflow");
    public static readonly ProblemType EngineTooOld = new(RejectionCodes.EngineTooOld, StatusCodes.Status503ServiceUnavailable, "No running orchestrator has the engine level of the workflow");
    public static readonly ProblemType DnsUnavailable = new("dns-unavailable", StatusCodes.Status503ServiceUnavailable, "DNS does not answer");
    public static readonly ProblemType IssuerUnavailable = new("issuer-unavailable", StatusCodes.Status503ServiceUnavailable, "The token issuer is unavailable");

    public static IReadOnlyList<ProblemType> All { get; } =
    [
        MalformedJson, BadRequest, InvalidParameter, Unauthenticated, Forbidden, ApprovalNeeded, NotFound, TenantNotFound, OperationNotFound, MethodNotAllowed,
        SlugTaken, DomainTaken, SubdomainTaken, NameTaken, NoServer, NoReplica, ServerFull, PlaceInUse, PlanTooSmall, PlanNotFound, PlanChanged, OperationActive, OperationNotCancellable, OperationNotReplayable, OperationMoved, NotesFull, ParentEnded, TenantState, AlreadySuspended, NotSuspended, AlreadyDeprovisioning, NotDeprovisioning, DeprovisioningFinal, CertificateNotFound, NothingWaits, ScheduledState, ScheduleExpired, ScheduledNotFound, DomainNotFound, ConfigKeyNotFound, DomainNotProved, DnsUnavailable, VersionStale, VersionRequired, BodyTooLarge, UnsupportedMediaType, Validation, NotSupported, IdempotencyKeyReused, DeadLetterNotFound, DeadLetterReturned, DeadLetterNotReturnable, TooManyRequests, Internal, RegistryUnavailable, StepNotHosted, EngineTooOld, IssuerUnavailable, BackupNotFound, BackupState, BatchNotFound, BatchState, ConfirmationNeeded, QuarantineNotFound, QuarantineState,
        ExportNotFound, ExportState, ExportLinkInvalid, ExportLinksUnavailable,
        CustomStepsNotFound, CustomStepsChanged, CustomStepsInvalid,
    ];

    public string Uri => UriPrefix + Code;

    /// <summary>The type for a code from the intake.</summary>
    public static ProblemType OfRejection(string code) => All.Single(t => t.Code == code);

    /// <summary>The type for a bare status from the framework.</summary>
    public static ProblemType OfStatus(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => Unauthenticated,
        StatusCodes.Status403Forbidden => Forbidden,
        StatusCodes.Status404NotFound => NotFound,
        StatusCodes.Status405MethodNotAllowed => MethodNotAllowed,
        StatusCodes.Status413PayloadTooLarge => BodyTooLarge,
        StatusCodes.Status415UnsupportedMediaType => UnsupportedMediaType,
        >= 500 => Internal with { Status = status },
        _ => BadRequest with { Status = status },
    };
}
