using System.Security.Cryptography;
using Saga.Host.Startup;

namespace Saga.Host.Embedded;

/// <summary>The folder with all data of an embedded host. One process uses it at a time.</summary>
public sealed class DataFolder : IDisposable
{
    public const string Key = "Saga:Data";
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // PostgreSQL's user must be able to pass through the folder, but not to list it.
    private const UnixFileMode PassThrough = Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private readonly FileStream held;

    private DataFolder(string path, FileStream held)
    {
        Path = path;
        this.held = held;
    }

    public string Path { get; }

    /// <exception cref="StartException">Another process uses the folder, or it cannot be created.</exception>
    public static DataFolder Open(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(path, Private);
            if (Environment.UserName == "root")
                File.SetUnixFileMode(path, File.GetUnixFileMode(path) | PassThrough);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"{Key}: the data folder {path} cannot be created ({e.Message}). Choose another with {Key} (for ./dev: SAGA_DATA).");
        }

        var note = System.IO.Path.Combine(path, "running");
        try
        {
            // An advisory lock, which the operating system releases when the process ends for any reason.
            var taken = new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(note, $"process {Environment.ProcessId}");
            return new DataFolder(path, taken);
        }
        catch (IOException)
        {
            throw new StartException(
                $"The data folder {path} is in use by another Saga ({(File.Exists(note) ? File.ReadAllText(note) : "starting")}). "
                + $"Stop that one first, or choose another folder with {Key} (for ./dev: SAGA_DATA).");
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StartException($"{Key}: the data folder {path} belongs to another user ({e.Message}). Choose another with {Key} (for ./dev: SAGA_DATA).");
        }
    }

    /// <summary>Records the running host's address, for the message of a second host that finds the folder in use.</summary>
    public void Announce(string address) => File.WriteAllText(In("running"), $"process {Environment.ProcessId}, {address}");

    /// <summary>A path below the folder.</summary>
    public string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>A subfolder, readable by its owner only.</summary>
    public string Folder(string name) => Directory.CreateDirectory(In(name), Private).FullName;

    /// <summary>The file of a secret in <c>secrets</c>; it need not exist yet.</summary>
    public string SecretFile(string name) => System.IO.Path.Combine(Folder("secrets"), name);

    /// <summary>A secret that is generated once. Its file is readable by the owner only and is flushed to disk before the secret is used.</summary>
    public string Secret(string name, Func<byte[], string> encode) => Secret(name, () => encode(RandomNumberGenerator.GetBytes(32)));

    /// <summary>The same for a secret that is more than random bytes.</summary>
    public string Secret(string name, Func<string> make)
    {
        var file = SecretFile(name);
        if (!File.Exists(file))
            OwnerOnlyFile.Replace(file, make());
        return File.ReadAllText(file).Trim() is { Length: > 0 } secret
            ? secret
            : throw new StartException($"{file} is empty. Restore it from a backup. If the data in {Path} is not needed, delete that folder.");
    }

    public void Dispose()
    {
        File.Delete(In("running"));
        held.Dispose();
    }
}
