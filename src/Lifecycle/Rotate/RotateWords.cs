namespace Saga.Lifecycle.Rotate;

/// <summary>What a rotation of credentials would do, in words.</summary>
public static class RotateWords
{
    public static IReadOnlyList<string> Of(ValidRotation input)
    {
        var words = new List<string>();
        if (input.Database)
            words.Add("The tenant's database gets a second login with a new password and the rights of the first one, which is tried.");
        if (input.Cache)
            words.Add("Its cache gets a second user in the same way.");
        if (input.Database || input.Cache)
            words.Add("Then product services are shown what is new. What they had works for Saga:Credentials:DrainSeconds of the workers longer, and is then barred and removed.");
        if (input.TenantKey)
            words.Add("Everything that is sealed with the tenant's key is sealed again with a new one. Secrets in backups that were made before cannot be opened any more.");
        if (input.BackupKey)
            words.Add("The keys of all its backups are wrapped with a new version of its backup key, and the former version is removed. The backups stay restorable.");
        return words;
    }
}
