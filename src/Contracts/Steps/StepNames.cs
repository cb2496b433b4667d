namespace Saga.Contracts.Steps;

/// <summary>The steps that workers know. A name, once released, keeps its meaning: running operations hold it.</summary>
public static class StepNames
{
    public const string Reserve = "reserve";
    public const string Identity = "identity";
    public const string Database = "database";
    public const string Migrate = "migrate";
    public const string Storage = "storage";
    public const string Cache = "cache";
    public const string Configuration = "configuration";
    public const string Administrator = "administrator";
    public const string Verify = "verify";
    public const string Activate = "activate";
    public const string Notify = "notify";
}

/// <summary>The workers: one queue each, <see cref="Endpoints.Worker"/>.</summary>
public static class WorkerNames
{
    public const string Reservation = "reservation";
    public const string Identity = "identity";
    public const string Database = "database";
    public const string Storage = "storage";
    public const string Cache = "cache";
    public const string Configuration = "configuration";
    public const string Verification = "verification";
    public const string Notification = "notification";
}
