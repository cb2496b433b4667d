using System.Text.Json;

namespace Saga.Samples.Accounts;

/// <summary>The team's system, which the sample keeps in a folder: a file for each account.</summary>
public sealed class AccountFolder(string folder)
{
    public async Task<Account?> FindAsync(Guid tenant, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = File.OpenRead(FileOf(tenant));
            return await JsonSerializer.DeserializeAsync<Account>(file, cancellationToken: cancellationToken);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Writes the whole file or nothing, however it ends.</summary>
    public async Task AddAsync(Account account, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var draft = Path.Combine(folder, $".{account.Tenant:n}.{Guid.NewGuid():n}");
        await File.WriteAllTextAsync(draft, JsonSerializer.Serialize(account), cancellationToken);
        File.Move(draft, FileOf(account.Tenant), overwrite: true);
    }

    public void Remove(Guid tenant)
    {
        if (Directory.Exists(folder))
            File.Delete(FileOf(tenant));
    }

    private string FileOf(Guid tenant) => Path.Combine(folder, $"{tenant:n}.json");
}
