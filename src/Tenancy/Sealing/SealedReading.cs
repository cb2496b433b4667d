namespace Saga.Tenancy.Sealing;

/// <summary>
/// Reads sealed texts and the key that opens them. They are separate reads, and a rotation of the tenant's key may commit between them, so
/// what was sealed with another key is read once more, and again if there is another rotation.
/// </summary>
internal static class SealedReading
{
    private const int Tries = 3;

    /// <param name="read">Reads both.</param>
    public static async Task<T> ReadAsync<T>(Func<Task<T>> read)
    {
        for (var left = Tries; ; left--)
        {
            try
            {
                return await read();
            }
            catch (SealingException error) when (left > 1 && error.IsOtherKey)
            {
                // The key was rotated between the reads.
            }
        }
    }
}
