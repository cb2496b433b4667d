using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Saga.Registry.Exports;
using Saga.Tenancy.Objects;

namespace Saga.Api.Exports;

/// <summary>
/// Links to files in a folder of this machine, which the Api serves itself: signed with a key in the folder, so that any Api on the machine
/// accepts them. Thread-safe.
/// </summary>
/// <param name="folder">The folder of exports.</param>
internal sealed class FolderLinks(string folder)
{
    private const int KeyBytes = 32;
    private readonly string root = Path.GetFullPath(folder);

    /// <summary>The query of the link.</summary>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public string Query(Guid export, DateTimeOffset until)
    {
        var expires = until.ToUnixTimeSeconds();
        return string.Create(CultureInfo.InvariantCulture, $"?expires={expires}&signature={Signature(export, expires)}");
    }

    /// <summary>Whether the link was given by an Api of this machine and has not expired.</summary>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public bool IsValid(Guid export, string? expires, string? signature, DateTimeOffset now) =>
        long.TryParse(expires, NumberStyles.None, CultureInfo.InvariantCulture, out var until) && signature is not null && now.ToUnixTimeSeconds() < until
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(signature), Encoding.UTF8.GetBytes(Signature(export, until)));

    /// <summary>The path of the file; null when it is gone, or is not in the folder.</summary>
    public string? PathOf(TenantExport export)
    {
        if (export.File is null)
            return null;
        var path = Path.GetFullPath(Path.Combine(root, export.File));
        return path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal) && File.Exists(path) ? path : null;
    }

    private string Signature(Guid export, long expires) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Key(), Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{export}.{expires}"))));

    private byte[] Key()
    {
        var file = Path.Combine(root, ".link-key");
        if (!File.Exists(file))
        {
            FolderFailures.MakePrivate(root);
            var incoming = $"{file}-{Guid.NewGuid():n}";
            File.WriteAllBytes(incoming, RandomNumberGenerator.GetBytes(KeyBytes));
            try
            {
                File.Move(incoming, file);
            }
            catch (IOException) when (File.Exists(file))
            {
                // Another request was faster.
                File.Delete(incoming);
            }
        }

        return File.ReadAllBytes(file);
    }
}
