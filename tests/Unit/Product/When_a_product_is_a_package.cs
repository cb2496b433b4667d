using System.IO.Compression;
using Saga.Workers.Database.Product;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Product;

public sealed class When_a_product_is_a_package : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("saga-test-product-").FullName;

    [Theory]
    [InlineData("clinic.zip")]
    [InlineData("Clinic.1.0.0.nupkg")]
    public void Should_be_read_like_a_folder(string name)
    {
        var package = Package(name, ("0002_b.sql", "select 2"), ("0001_a.sql", "select 1\r\n"), ("seed/basic.sql", "select 3"), ("verify/all.sql", "select true"), ("Clinic.nuspec", "<package/>"), ("seed/", ""));

        var (files, faults) = ProductFolder.Read(package);

        faults.ShouldBeEmpty();
        files.Migrations.All.Select(m => (m.Version, m.Name, m.Sql)).ShouldBe([(1, "0001_a", "select 1\n"), (2, "0002_b", "select 2")]);
        files.Seeds.Keys.ShouldBe(["basic"]);
        files.Verifications.Select(v => v.Path).ShouldBe(["verify/all.sql"]);
        Validate(package).ShouldBeEmpty();
        Directory.GetFileSystemEntries(folder).ShouldBe([package], "nothing is unpacked");
    }

    [Theory]
    [InlineData("../0002_b.sql")]
    [InlineData("/0002_b.sql")]
    [InlineData("seed/../../0002_b.sql")]
    [InlineData("clinic/0002_b.sql")]
    public void Should_have_no_files_elsewhere(string path)
    {
        var package = Package("clinic.zip", ("0001_a.sql", "select 1"), (path, "select 2"));

        Validate(package).ShouldHaveSingleItem().ShouldBe($"Saga:Product:Migrations: {path}: Files are read from the top, from seed and from verify only. Move it there, or give it another ending than .sql.");
    }

    [Theory]
    [InlineData("..\\0002_b.sql", "The name must begin with four digits")]
    [InlineData("0001_a.sql", "The package has two files of this name.")]
    public void Should_have_plain_names_once(string path, string fault) =>
        Validate(Package("clinic.zip", ("0001_a.sql", "select 1"), (path, "select 2"))).ShouldContain(f => f.StartsWith($"Saga:Product:Migrations: {path}: {fault}", StringComparison.Ordinal));

    [Fact]
    public void Should_not_fill_the_memory()
    {
        var large = new string(' ', (4 << 20) + 1);

        Validate(Package("large.zip", ("0001_a.sql", "select 1"), ("0002_b.sql", large))).ShouldHaveSingleItem()
            .ShouldBe("Saga:Product:Migrations: 0002_b.sql: The file has more than 4 MiB. Load such data with the product's own means.");
        var many = Package("many.zip", [.. Enumerable.Range(1, 17).Select(i => ($"{i:0000}_a.sql", large[1..]))]);
        new FileInfo(many).Length.ShouldBeLessThan(1 << 20, "it is small as long as it is packed");
        Validate(many).ShouldHaveSingleItem().ShouldBe($"Saga:Product:Migrations: The package {many} has more than 64 MiB.");
    }

    [Fact]
    public void Should_be_refused_in_a_sentence_when_it_is_none()
    {
        var broken = Path.Combine(folder, "broken.zip");
        File.WriteAllText(broken, "no archive");
        var other = Path.Combine(folder, "product.tar");
        File.WriteAllText(other, "another format");
        var nowhere = Path.Combine(folder, "nowhere.zip");

        Validate(broken).ShouldHaveSingleItem().ShouldStartWith($"Saga:Product:Migrations: The package {broken} cannot be read: ");
        Validate(other).ShouldBe([$"Saga:Product:Migrations: {other} is neither a folder nor a package (.zip, .nupkg)."]);
        Validate(nowhere).ShouldBe([$"Saga:Product:Migrations: there is no package {nowhere}."]);
        Validate(Package("empty.zip")).ShouldBe([$"Saga:Product:Migrations: The package {Path.Combine(folder, "empty.zip")} has no file such as 0001_patients.sql."]);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static IEnumerable<string> Validate(string package) => new ProductOptionsValidation().Validate(null, new ProductOptions { Migrations = package }).Failures ?? [];

    private string Package(string name, params ReadOnlySpan<(string Path, string Text)> files)
    {
        var path = Path.Combine(folder, name);
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (file, text) in files)
        {
            var entry = archive.CreateEntry(file);
            using var writer = new StreamWriter(entry.Open());
            writer.Write(text);
        }

        return path;
    }
}
