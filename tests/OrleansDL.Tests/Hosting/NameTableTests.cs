using OrleansDL.Projects;

namespace OrleansDL.Tests.Hosting;

[Collection(ServerNodeCollection.Name)]
public sealed class NameTableTests(ServerNode node)
{
    private readonly string _name = "n" + Guid.NewGuid().ToString("N");

    private NameTable Names => node.Get<NameTable>();

    [Fact]
    public async Task A_name_belongs_to_one_thing_of_a_kind_until_it_is_released()
    {
        var (first, second) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await Names.ClaimAsync("default", ThingKind.Model, _name, first);
        await Names.ClaimAsync("default", ThingKind.Model, _name, first);
        await Names.ClaimAsync("default", ThingKind.Dataset, _name, second);
        await Assert.ThrowsAsync<ConflictException>(() => Names.ClaimAsync("default", ThingKind.Model, _name, second));
        Assert.Equal(first, await Names.ResolveAsync("default", ThingKind.Model, _name));

        await Names.ReleaseAsync(ThingKind.Model, first);
        await Names.ClaimAsync("default", ThingKind.Model, _name, second);

        Assert.Equal(second, await Names.ResolveAsync("default", ThingKind.Model, _name));
    }

    [Fact]
    public async Task A_renamed_thing_is_found_by_its_new_name_and_its_id_and_no_longer_by_the_old_name()
    {
        var id = Guid.CreateVersion7();
        await Names.ClaimAsync("default", ThingKind.Model, _name, id);
        await Names.ResolveAsync("default", ThingKind.Model, _name);

        await Names.RenameAsync(ThingKind.Model, id, _name + "-new");

        Assert.Equal(id, await Names.ResolveAsync("default", ThingKind.Model, _name + "-new"));
        Assert.Equal(id, await Names.ResolveAsync("default", ThingKind.Model, id.ToString()));
        await Assert.ThrowsAsync<NotFoundException>(() => Names.ResolveAsync("default", ThingKind.Model, _name));
    }

    [Fact]
    public async Task A_rename_to_a_name_in_use_is_refused()
    {
        var (first, second) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await Names.ClaimAsync("default", ThingKind.Model, _name, first);
        await Names.ClaimAsync("default", ThingKind.Model, _name + "-2", second);

        await Assert.ThrowsAsync<ConflictException>(() => Names.RenameAsync(ThingKind.Model, second, _name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("a\n")]
    [InlineData("018f3a3e-7d2b-7c11-8b1a-2f0f6a3c9d10")]
    public void What_is_no_name_is_refused(string name) => Assert.Throws<InvalidException>(() => OrleansDL.Names.Check(name, "model"));
}
