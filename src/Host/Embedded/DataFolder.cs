using System.Security.Cryptography;
using Saga.Host.Startup;

namespace Saga.Host.Embedded;

/// <summary>Everything that a host of its own keeps: one folder, used by one process at a time.</summary>
public sealed class DataFolder : IDisposable
{
    public const string Key = "Saga:Data";
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // PostgreSQL's user must pass through the folder, and may see nothing else of it.
    private const UnixFileMode PassThrough = Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private readonly FileStream held;

    private DataFolder(string path, FileStream held)
    {
        Path = path;
        this.held = held;
    }

    public string Path { get; }

    /// <exception cref="StartException">Another process uses the folder, or it cannot be made.</exception>
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
            throw new StartException($"{Key}: the data folder {path} cannot be made ({e.Message}). Name another with {Key} (for ./dev: SAGA_DATA).");
        }

        var note = System.IO.Path.Combine(path, "running");
        try
        {
            // Advisory, and let go by the system when the process ends in whatever way.
            var taken = new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(note, $"process {Environment.ProcessId}");
            return new DataFolder(path, taken);
        }
        catch (IOException)
        {
            throw new StartException(
                $"The data folder {path} is in use by another Saga ({(File.Exists(note) ? File.ReadAllText(note) : "starting")}). "
                + $"Stop that one first, or name another folder with {Key} (for ./dev: SAGA_DATA).");
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StartException($"{Key}: the data folder {path} belongs to another user ({e.Message}). Name another with {Key} (for ./dev: SAGA_DATA).");
        }
    }

    /// <summary>Says where the running host is reached, for a second one that finds the folder taken.</summary>
    public void Announce(string address) => File.WriteAllText(In("running"), $"process {Environment.ProcessId}, {address}");

    /// <summary>A path below the folder.</summary>
    public string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>A folder below, readable by its owner only.</summary>
    public string Folder(string name) => Directory.CreateDirectory(In(name), Private).FullName;

    /// <summary>The file of a secret below <c>secrets</c>; it need not exist yet.</summary>
    public string SecretFile(string name) => System.IO.Path.Combine(Folder("secrets"), name);

    /// <summary>A secret that is made once, readable by its owner only, and on the disk before it is used.</summary>
    public string Secret(string name, Func<byte[], string> encode)
    {
        var file = SecretFile(name);
        if (!File.Exists(file))
            OwnerOnlyFile.Replace(file, encode(RandomNumberGenerator.GetBytes(32)));
        return File.ReadAllText(file).Trim();
    }

    public void Dispose()
    {
        File.Delete(In("running"));
        held.Dispose();
    }
}
