using Saga.Contracts.Failures;

namespace Saga.Tenancy.Objects;

/// <summary>What an error of the file system means.</summary>
public static class FolderFaults
{
    public const string System = "folder";

    public static bool IsFault(Exception error) => error is IOException or UnauthorizedAccessException;

    public static ObjectStoreException Translate(Exception error) => error is UnauthorizedAccessException
        ? new ObjectStoreException(System, "folder-access-denied", $"The folder for objects may not be used: {error.Message}", FailureKind.Permanent, error)
        : new ObjectStoreException(System, "folder-unavailable", $"The folder for objects cannot be used: {error.Message}", FailureKind.Outage, error);

    /// <summary>Makes a directory, and its parents, that only this process's user may enter.</summary>
    public static void MakePrivate(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
