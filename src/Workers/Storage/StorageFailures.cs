using Saga.Tenancy.Objects;
using Saga.Workers.Runtime;

namespace Saga.Workers.Storage;

/// <summary>Translates object store failures for operators.</summary>
internal static class StorageFailures
{
    public static StepFailureException From(ObjectStoreException error) =>
        StepFailureException.Of(error.Kind, error.Code, error.Message, Remedy(error.Code), error.System, error);

    private static string Remedy(string code) => code switch
    {
        "s3-unavailable" => "Check that the server at Saga:Storage:S3:ServiceUrl is running and reachable.",
        "s3-unsupported" => "Use a server with versions, policies and lifecycles, or set Saga:Storage:S3:RequirePolicy to false for development.",
        "s3-not-empty" => "Stop the services that write to the tenant's prefix, then replay the step.",
        "s3-delete-refused" => "Check whether a retention rule or a policy protects the objects, remove it, then replay the step.",
        "s3-access-denied" or "s3-invalid-access-key-id" or "s3-signature-does-not-match" =>
            "Check Saga:Storage:S3:AccessKey, Saga:Storage:S3:SecretKey and the account's permissions, then replay the step.",
        "folder-access-denied" => "Allow the process's user to write to Saga:Storage:Folder:Path, then replay the step.",
        _ => "Fix the cause in the message, then replay the step.",
    };
}
