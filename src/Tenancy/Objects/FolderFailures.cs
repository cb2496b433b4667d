using Saga.Contracts.Failures;

namespace Saga.Tenancy.Objects;

/// <summary>Maps file system errors to codes and kinds.</summary>
public static class FolderFailures
{
    public const string System = "folder";

    public static bool IsFailure(Exception error) => error is IOException or UnauthorizedAccessException;

    public static ObjectStoreException Translate(Exception error) => error is UnauthorizedAccessException
        ? new ObjectStoreException(System, "folder-access-denied", $"Access to the object folder was denied: {error.Message}", FailureKind.Permanent, error)
        : new ObjectStoreException(System, "folder-unavailable", $"The object folder cannot be used: {error.Message}", FailureKind.Outage, error);

    /// <summary>Creates a directory, and its parents, that only this process's user may enter.</summary>
    public static void MakePrivate(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
