using Saga.Tenancy.Objects;
using Saga.Workers.Runtime;

namespace Saga.Workers.Storage;

/// <summary>An object store's failure in words for an operator.</summary>
internal static class StorageFailures
{
    public static StepFailureException From(ObjectStoreException error) =>
        StepFailureException.Of(error.Kind, error.Code, error.Message, Remedy(error.Code), error.System, error);

    private static string Remedy(string code) => code switch
    {
        "s3-unavailable" => "See that the server at Saga:Storage:S3:ServiceUrl runs and can be reached.",
        "s3-unsupported" => "Use a server with versions, policies and lifecycles, or set Saga:Storage:S3:RequirePolicy to false for development.",
        "s3-not-empty" => "Stop what writes to the tenant's prefix, and replay the step.",
        "s3-delete-refused" => "See whether a retention or a policy keeps the objects, lift it, and replay the step.",
        "s3-access-denied" or "s3-invalid-access-key-id" or "s3-signature-does-not-match" =>
            "Check Saga:Storage:S3:AccessKey, Saga:Storage:S3:SecretKey and what the account may do, and replay the step.",
        "folder-access-denied" => "Let the process's user write to Saga:Storage:Folder:Path, and replay the step.",
        _ => "Mend the cause that the message names, and replay the step.",
    };
}
